"""Sabotage of the outbox: the bell, claims and leases, lanes, who is told and what the vendor reads of it."""

from tests.mutants.mutant import Mutant

RECORD, DELIVERY, LINKS = "prm/events/record.py", "prm/events/delivery.py", "prm/events/unsubscribing.py"
DUE = "prm/events/due.py"
DELIVERY_TESTS, LANES = "tests/events/test_delivery.py", "tests/events/test_lanes.py"

MUTANTS = [
    Mutant(
        "the bell rings before the work is there",
        DUE,
        "        transaction.on_commit(bell)",
        "        bell()",
        "tests/events/test_bell.py tests/events/test_record.py",
        "The worker would look, find nothing, and go.",
    ),
    Mutant(
        "people are told of what they did themselves",
        RECORD,
        "for member in to if member.pk != event.actor_id}",
        "for member in to}",
        "tests/events/test_record.py",
        "Noise hides what matters.",
    ),
    Mutant(
        "nobody asks at sending time",
        DELIVERY,
        "return row.channel in notice.channels and notice.concerns(row.event, row.recipient)",
        "return row.channel in notice.channels",
        DELIVERY_TESTS,
        "Who lost the right meanwhile would still be told.",
    ),
    Mutant(
        "a late worker writes over the next one's result",
        DELIVERY,
        "Delivery.objects.filter(parcel__in=parcels, claim=self.token, status=Status.CLAIMED)",
        "Delivery.objects.filter(parcel__in=parcels, status=Status.CLAIMED)",
        f"{DELIVERY_TESTS} -k comes_late",
        "What was sent would be sent again.",
    ),
    Mutant(
        "a lease means nothing",
        DELIVERY,
        "LEFT_BEHIND = Q(status=Status.CLAIMED, lease_until__lte=Now())",
        "LEFT_BEHIND = Q(status=Status.CLAIMED)",
        f"{DELIVERY_TESTS} tests/events/test_races.py",
        "Two workers would carry out the same.",
    ),
    Mutant(
        "a dead worker's work stays with it",
        DELIVERY,
        "return list(_first_rows(expired)[:1])",
        "return []",
        DELIVERY_TESTS,
        "A kill would lose a notice.",
    ),
    Mutant(
        "what kills workers is tried for ever",
        DELIVERY,
        "losses__gte=MOST_LOSSES - 1",
        "losses__gte=MOST_LOSSES * 100",
        LANES,
        "One bad row would take every worker.",
    ),
    Mutant(
        "later notices overtake earlier ones",
        DELIVERY,
        ".exclude(Exists(waits))",
        "",
        LANES,
        "Recalled before assigned makes no sense to anybody.",
    ),
    Mutant(
        "what fails is not tried again",
        DELIVERY,
        "            _postpone(claim, rows, first.attempts, outcome.error)",
        "            _settle(rows, Status.DEAD, outcome.error)",
        DELIVERY_TESTS,
        "A mail server's bad minute would lose a notice.",
    ),
    Mutant(
        "two workers may claim the same row",
        DELIVERY,
        '.select_for_update(skip_locked=True, of=("self",))',
        "",
        "tests/events/test_races.py -k share_no_parcel",
        "Workers would wait for one another, and but for a second look everything would go out twice.",
    ),
    Mutant(
        "a digest comes at once",
        "prm/events/collecting.py",
        "(how == How.DIGEST and not row.is_collected)",
        "(how == How.DIGEST and row.is_collected)",
        "tests/events/test_collecting.py",
        "Each person has chosen.",
    ),
    Mutant(
        "the link that declines works without its signature",
        LINKS,
        "pk, kind = signing.loads(value, salt=SALT)",
        "pk, kind = signing.JSONSerializer().loads(signing.b64_decode(value.partition(':')[0].encode()))",
        "tests/events/test_notifications.py tests/guards/test_access_matrix.py -k unsubscribe",
        "Anybody could silence anybody.",
    ),
    Mutant(
        "the e-mail log tells the vendor a partner's own affairs",
        "prm/events/lists.py",
        "    if event.is_private and event.organization_id != member.organization_id:",
        "    if event.is_private and event.organization_id is None:",
        "tests/events/test_mail_log.py",
        "Private is private for the vendor, too.",
    ),
]
