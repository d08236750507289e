"""Handing a mail over, and what may come of it; whether the mail server is there at all."""

import smtplib
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives, get_connection

from prm.events.models import Delivery

AWAY = "mail-server-away"
AWAY_FOR = timedelta(seconds=15)  # then one mail tries again, and the others follow it

Status = Delivery.Status


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt; PENDING means that it is to be tried again."""

    status: Delivery.Status
    error: str = ""
    is_away: bool = False

    @classmethod
    def again(cls, error: str, *, is_away: bool = False) -> "Outcome":
        return cls(Status.PENDING, error[:500], is_away)


def is_away() -> bool:
    """Whether somebody has found the mail server away a moment ago; no use in trying mail after mail."""
    return bool(cache.get(AWAY))


def send(mail: EmailMultiAlternatives) -> Outcome:
    """Hand one mail over. A refusal for good (5xx, RFC 5321 4.2.1) is a bounce, all else is tried again.

    A server that hangs up after the text may have taken it: it gets the same Message-ID once more.
    """
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        cache.set(AWAY, 1, timeout=AWAY_FOR.total_seconds())
        return Outcome.again(_words(error), is_away=True)
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        return _answered(max(code for code, _text in error.recipients.values()), error)
    except smtplib.SMTPDataError as error:
        return _answered(error.smtp_code, error)
    except (OSError, smtplib.SMTPException) as error:
        return Outcome.again(_words(error))
    finally:
        connection.close()
    return Outcome(Status.SENT)


def _answered(code: int, error: smtplib.SMTPException) -> Outcome:
    return Outcome(Status.BOUNCED, _words(error)[:500]) if code >= 500 else Outcome.again(_words(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
