"""The ledger of SAFETY 3.3: what was answered, what is stored, and what came out at the far end, counted.

A load enters leads and gives them away through the real API, each under a reference of its own. Afterwards
`Ledger.balance()` is empty, or names what was lost, doubled or left lying.
"""

import http.client
import itertools
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from prm.local.processes import wait_until
from tests.faults.site import Answer, Site

RECEIVERS = ("ben", "bea", "cleo")
CAUGHT_UP_SECONDS = 60.0
Pair = tuple[str, str]  # a reference, and the address that is told of it


@dataclass(frozen=True)
class Balance:
    """What is wrong; nothing, when it equals `Balance()`."""

    lost: frozenset[str] = frozenset()  # answered 2xx, and not there
    doubled: frozenset[str] = frozenset()  # there more than once
    unheard_of: frozenset[str] = frozenset()  # there, and nobody has sent it
    not_given: frozenset[str] = frozenset()  # giving it away was answered 2xx, and it was not given
    given_twice: frozenset[str] = frozenset()
    mails_missing: frozenset[Pair] = frozenset()
    mails_extra: frozenset[Pair] = frozenset()
    mails_with_two_keys: frozenset[Pair] = frozenset()  # a repetition that its receiver cannot recognise
    messages_missing: frozenset[Pair] = frozenset()
    unsettled: int = 0  # deliveries neither done nor given up


@dataclass
class Ledger:
    site: Site
    name: str
    receivers: tuple[str, ...] = RECEIVERS
    sent: dict[str, str] = field(default_factory=dict)  # reference -> whom it is meant for
    stored: set[str] = field(default_factory=set)  # references answered 2xx
    given: set[str] = field(default_factory=set)
    statuses: Counter[int | str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # per answer
    caught_up_after: float = -1.0
    found: Balance | None = None  # what was reckoned last

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._over = Event()

    # --- The load ---------------------------------------------------------------------------------------

    @contextmanager
    def load(self, *, clients: int = 2, pause: float = 0.05) -> Iterator[None]:
        """Clients at work while the block runs; what goes wrong is to happen inside of it."""
        self._over.clear()
        threads = [Thread(target=self._work, args=(pause,), daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def enter(self, count: int) -> None:
        """So many leads, one after the other."""
        for _ in range(count):
            self._enter_one()

    def _work(self, pause: float) -> None:
        while not self._over.is_set():
            self._enter_one()
            time.sleep(pause)

    def _enter_one(self) -> None:
        with self._lock:
            number = next(self._numbers)
            reference = f"{self.name}-{number:05}"
            receiver = self.receivers[number % len(self.receivers)]
            self.sent[reference] = receiver
        answer = self._ask("/api/v1/leads/", {"company": reference})
        if answer is None or answer.status != 201:
            return  # who cannot know whether it took effect must not send it again
        with self._lock:
            self.stored.add(reference)
        path = f"/api/v1/leads/{answer.json()['id']}/assign/"
        for _ in range(50):  # giving twice is refused: safe to repeat
            answer = self._ask(path, {"user": self.site.people[receiver].id})
            if answer is not None and answer.status in {200, 409}:
                with self._lock:
                    self.given.add(reference)
                return
            time.sleep(0.2)

    def _ask(self, path: str, body: object) -> Answer | None:
        """The answer; None when the link broke after the request was sent. Refused connections are tried again."""
        for _ in range(200):
            began = time.monotonic()
            try:
                answer = self.site.ask("POST", path, who="ada", body=body, timeout=30)
            except ConnectionRefusedError:
                self.statuses["refused"] += 1
                time.sleep(0.1)
            except (OSError, http.client.HTTPException) as error:
                self.statuses[type(error).__name__] += 1
                return None
            else:
                self.seconds.append(time.monotonic() - began)
                self.statuses[answer.status] += 1
                return answer
        return None

    # --- The reckoning ----------------------------------------------------------------------------------

    def settle(self, *, seconds: float = CAUGHT_UP_SECONDS) -> None:
        """Wait until no delivery is left to be done, and note how long that took."""
        began = time.monotonic()
        wait_until(lambda: self._unsettled() == 0, seconds=seconds, step=0.1)
        self.caught_up_after = round(time.monotonic() - began, 1)

    def balance(self) -> Balance:
        """Settle, and count."""
        self.settle()
        there = self._there()
        events = self._events("lead_assigned")
        expected = {(reference, self._address(reference)) for reference in events}
        mails = self._mails()
        known = {pair for pair, keys in mails.items() if keys}
        self.found = Balance(
            lost=frozenset(self.stored - set(there)),
            doubled=frozenset(reference for reference, count in there.items() if count > 1),
            unheard_of=frozenset(set(there) - set(self.sent)),
            not_given=frozenset(self.given - set(events)),
            given_twice=frozenset(reference for reference, count in events.items() if count > 1),
            mails_missing=frozenset(expected - known),
            mails_extra=frozenset(known - expected),
            mails_with_two_keys=frozenset(pair for pair, keys in mails.items() if len(keys) > 1),
            messages_missing=frozenset(expected - self._messages()),
            unsettled=self._unsettled(),
        )
        return self.found

    def repetitions(self) -> int:
        """Mails that came over the wire once more, under the key they had before."""
        return sum(count - 1 for keys in self._mails().values() for count in keys.values())

    def slowest_but(self, percent: int) -> float:
        """Seconds within which all but so many of a hundred answers came."""
        ranked = sorted(self.seconds) or [math.inf]
        return ranked[min(len(ranked) * (100 - percent) // 100, len(ranked) - 1)]

    def figures(self) -> dict[str, object]:
        """For the record of a soak run."""
        return {
            "requests": sum(self.statuses.values()),
            "answers": ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items(), key=str)),
            "leads answered 2xx": len(self.stored),
            "leads stored": sum(self._there().values()),
            "mails expected": len(self._events("lead_assigned")),
            "mails repeated under the same key": self.repetitions(),
            "95 of 100 answers within (ms)": f"{self.slowest_but(5) * 1000:.0f}",
            "slowest answer (ms)": f"{self.slowest_but(0) * 1000:.0f}",
            "caught up after (s)": self.caught_up_after,
            "lost, doubled or left lying": self._wrong(),
        }

    def _wrong(self) -> str:
        if self.found is None:
            return "not counted: the test broke off"
        counts = {
            name: len(found) if isinstance(found, frozenset) else found for name, found in vars(self.found).items()
        }
        return ", ".join(f"{name}: {count}" for name, count in counts.items() if count) or "nothing"

    def _address(self, reference: str) -> str:
        return self.site.people[self.sent[reference]].email

    def _unsettled(self) -> int:
        found = self.site.sql("SELECT count(*) FROM events_delivery WHERE status IN ('pending', 'claimed')")
        return int(found[0][0])

    def _there(self) -> dict[str, int]:
        mine = f"{self.name}-%"
        rows = self.site.sql("SELECT company, count(*) FROM leads_lead WHERE company LIKE %s GROUP BY 1", mine)
        return dict(rows)

    def _events(self, kind: str) -> dict[str, int]:
        rows = self.site.sql(
            "SELECT company, count(*) FROM events_event e JOIN leads_lead l ON l.id = e.subject_id"
            " WHERE e.kind = %s AND company LIKE %s GROUP BY 1",
            kind,
            f"{self.name}-%",
        )
        return dict(rows)

    def _messages(self) -> set[Pair]:
        rows = self.site.sql(
            "SELECT company, u.email FROM events_message m JOIN events_event e ON e.id = m.event_id"
            " JOIN leads_lead l ON l.id = e.subject_id JOIN users_membership p ON p.id = m.recipient_id"
            " JOIN users_user u ON u.id = p.user_id WHERE company LIKE %s",
            f"{self.name}-%",
        )
        return set(rows)

    def _mails(self) -> dict[Pair, Counter[str]]:
        """For each reference and address, how often which Message-ID came over the wire."""
        rows = self.site.sql("SELECT number, company FROM leads_lead WHERE company LIKE %s", f"{self.name}-%")
        codes = {f"L-{number}": company for number, company in rows}
        found: dict[Pair, Counter[str]] = defaultdict(Counter)
        for mail in list(self.site.mail.taken):
            for word in mail.subject.split():
                if word in codes:
                    found[codes[word], mail.to][mail.key] += 1
        return found


def chance(name: str) -> random.Random:
    """The same points in time in every run of a test."""
    return random.Random(name)
