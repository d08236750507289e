"""The mail server at the far end, as a mail backend: it takes mail, is away, or dies in the middle."""

from collections.abc import Callable, Sequence

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

Answer = Callable[[EmailMultiAlternatives], None]


class WorkerKilled(BaseException):
    """The process is gone while the mail is under way: nothing after it runs."""


class LastHop:
    """What the server does with each mail: `answers` in turn, then it takes all. Or it `is_away`."""

    def __init__(self) -> None:
        self.taken: list[EmailMultiAlternatives] = []
        self.tries = 0
        self.calls = 0
        self.is_away = False
        self.answers: list[Answer] = []

    def fails(self, *errors: BaseException) -> None:
        for error in errors:
            self.answers.append(_raising(error))

    def call(self) -> None:
        self.calls += 1
        if self.is_away:
            raise ConnectionRefusedError("nobody there")

    def take(self, mail: EmailMultiAlternatives) -> None:
        self.tries += 1
        if self.answers:
            self.answers.pop(0)(mail)
        self.taken.append(mail)

    @property
    def receivers(self) -> list[str]:
        return sorted(address for mail in self.taken for address in mail.to)

    @property
    def subjects(self) -> list[str]:
        return [str(mail.subject) for mail in self.taken]


def _raising(error: BaseException) -> Answer:
    def answer(mail: EmailMultiAlternatives) -> None:
        raise error

    return answer


present = LastHop()


class Backend(BaseEmailBackend):
    def open(self) -> bool:
        present.call()
        return True

    def send_messages(self, email_messages: Sequence[EmailMultiAlternatives]) -> int:  # type: ignore[override]
        for mail in email_messages:
            present.take(mail)
        return len(email_messages)
