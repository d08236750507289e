"""A mail server that speaks SMTP on loopback, keeps every message, and fails when told to."""

import asyncio
import email
import email.policy
import logging
from collections import defaultdict, deque
from dataclasses import dataclass
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells of every word


@dataclass(frozen=True)
class Taken:
    """One message as it came over the wire."""

    to: str
    message: EmailMessage

    @property
    def key(self) -> str:
        """The Message-ID, by which a receiver knows a repetition."""
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])


class Fate:
    """What becomes of one message, beside being taken."""

    def __init__(self, *, refusal: str = "", seconds: float = 0, is_cut_off: bool = False) -> None:
        self.refusal, self.seconds, self.is_cut_off = refusal, seconds, is_cut_off


UNKNOWN = Fate(refusal="550 5.1.1 No such user here")
BUSY = Fate(refusal="450 4.2.1 Mailbox busy, try later")
CUT_OFF = Fate(is_cut_off=True)  # takes the whole message, and then says nothing and is gone


def slow(seconds: float) -> Fate:
    """Takes the message, but the answer takes its time; longer than the sender's patience is a hang."""
    return Fate(seconds=seconds)


class MailServer:
    """`start` it, point EMAIL_URL at `url`, and read `taken`. Everything is taken unless told otherwise."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken: list[Taken] = []
        self.tries: dict[str, int] = defaultdict(int)  # per address
        self._fates: dict[str, deque[Fate]] = defaultdict(deque)
        self._always: dict[str, Fate] = {}
        self._seconds = 0.0
        self._controller = Controller(self, hostname=HOST, port=port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    def next_for(self, address: str, *fates: Fate) -> None:
        """The next messages to this address meet these fates, one each."""
        self._fates[address].extend(fates)

    def always_for(self, address: str, fate: Fate) -> None:
        self._always[address] = fate

    def answers_after(self, seconds: float) -> None:
        """Every message's answer takes this long from now on."""
        self._seconds = seconds

    def behave(self) -> None:
        """Take everything again, at once."""
        self._fates.clear()
        self._always.clear()
        self._seconds = 0.0

    # aiosmtpd calls these in its own thread's loop.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tries[address] += 1
        waiting = self._fates[address]
        fate = waiting.popleft() if waiting else self._always.get(address, Fate())
        if fate.refusal:
            return fate.refusal
        envelope.rcpt_tos.append(address)
        envelope.fate = fate  # type: ignore[attr-defined]
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fate: Fate = envelope.fate  # type: ignore[attr-defined]
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken += [Taken(to, message) for to in envelope.rcpt_tos]
        await asyncio.sleep(fate.seconds or self._seconds)
        if fate.is_cut_off:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
        return "250 Taken"
