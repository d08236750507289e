"""What an attacker does, and what the owner of an account hears of it."""

import re
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from prm.events import outbox
from prm.events.delivery import deliver_due
from prm.organizations.models import Portal
from prm.serving import secrets
from prm.users.models import User
from tests.browsing import Answer, visitor
from tests.cast import PASSWORD
from tests.users.entering import enter

WRONG = "not the password at all"
NEW = "a quiet harbour at noon"


def guess(portal: Portal, email: str, *, times: int, client: Client | None = None) -> list[Answer]:
    client = client or visitor(portal)
    return [enter(client, email, WRONG) for _ in range(times)]


def mails_of(portal: Portal) -> list[tuple[str, str]]:
    """Recipient and subject of everything that has been sent, in that order."""
    deliver_due(portal)
    return sorted((mail.to, mail.subject) for mail in outbox.mails())


def link_in(portal: Portal, subject: str) -> str:
    """The path in the newest mail with this subject."""
    deliver_due(portal)
    found = [mail.text for mail in outbox.mails() if mail.subject == subject]
    (url, *_same) = re.findall(r"https?://\S+", found[0])
    return str(urlsplit(url).path)


def with_second_factor(user: User) -> str:
    """Give the account one; returns its secret."""
    secret: str = totp.generate_totp_secret()
    data = {"secret": secrets.encrypt(secret)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    return secret


def code_of(secret: str, *, ahead: int = 0) -> str:
    """What the app shows now, or some steps of 30 seconds ahead."""
    *_before, now, _after = totp.yield_hotp_counters_from_time()
    return str(totp.format_hotp_value(totp.hotp_value(secret, now + ahead)))


def send_code(client: Client, code: str) -> Answer:
    answer: Answer = client.post("/accounts/2fa/code/", {"code": code})
    return answer


def half_in(portal: Portal, email: str) -> Client:
    """Past the password, before the code."""
    client = visitor(portal)
    assert enter(client, email, PASSWORD)["Location"] == "/accounts/2fa/code/"
    return client


def open_reset(portal: Portal, path: str) -> tuple[Client, Answer]:
    client = visitor(portal)
    answer: Answer = client.get(path, follow=True)
    return client, answer


def choose(portal: Portal, path: str, password: str = NEW) -> Answer:
    """Follow a reset link and send the form behind it."""
    client, opened = open_reset(portal, path)
    form = {"password1": password, "password2": password}
    answer: Answer = client.post(opened.request["PATH_INFO"], form)
    return answer
