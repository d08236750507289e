"""The mail server hangs, breaks off after the message or refuses one address: the others get theirs meanwhile."""

from tests.fakes.mail import BUSY, CUT_OFF, UNKNOWN, slow
from tests.faults.conftest import long_with_make_soak
from tests.faults.ledger import Balance, Ledger
from tests.faults.site import Site

pytestmark = long_with_make_soak

HANG = slow(30)  # far longer than EMAIL_TIMEOUT


def test_mail_server_that_fails_each_in_another_way(site: Site, ledger: Ledger) -> None:
    ben, bea, cleo, dora = (site.people[name].email for name in ("ben", "bea", "cleo", "dora"))
    ledger.receivers = ("ben", "bea", "cleo", "dora")
    site.mail.next_for(ben, HANG)
    site.mail.next_for(bea, CUT_OFF)
    site.mail.next_for(cleo, BUSY, BUSY)
    site.mail.always_for(dora, UNKNOWN)

    ledger.enter(8)

    balance = ledger.balance()
    refused = {(reference, dora) for reference, who in ledger.sent.items() if who == "dora"}
    assert balance == Balance(mails_missing=frozenset(refused))
    assert site.mail.tries[dora] == len(refused)  # who does not exist is not asked for again
    assert ledger.repetitions() == 2  # Ben's, taken after we had given up, and Bea's, taken and not confirmed
    rows = site.sql(
        "SELECT u.email, d.status, count(*) FROM events_delivery d JOIN users_membership p ON p.id = d.recipient_id"
        " JOIN users_user u ON u.id = p.user_id JOIN events_event e ON e.id = d.event_id"
        " JOIN leads_lead l ON l.id = e.subject_id WHERE company LIKE %s AND channel = 'email' GROUP BY 1, 2",
        f"{ledger.name}-%",
    )
    assert set(rows) == {(ben, "sent", 2), (bea, "sent", 2), (cleo, "sent", 2), (dora, "bounced", 2)}
