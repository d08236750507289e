"""Case 13: keys that read only, are past their time, or came in an address."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from prm.organizations.context import inside
from prm.users.actions import create_api_key, revoke_api_key
from prm.users.models import ApiKey, Membership
from tests.abuse.attacking import mails_of
from tests.browsing import Answer, Api, visitor
from tests.cast import Cast

LEADS = "/api/v1/leads/"


def made(member: Membership, days: int | None = None) -> tuple[ApiKey, str]:
    end = timezone.now() + timedelta(days=days) if days is not None else None
    with inside(member.portal):
        return create_api_key(member, name="CRM", scope=ApiKey.Scope.WRITE, by=None, expires_at=end)


def asked(member: Membership, secret: str) -> tuple[int, str]:
    answer: Answer = visitor(member.portal).get(LEADS, headers={"Authorization": f"Bearer {secret}"})
    return answer.status_code, answer.json().get("code", "")


def test_case_13_key_for_reading_writes_nothing(cast: Cast) -> None:
    answer = Api(cast.ada, scope="read").post("leads/", {"company": "Kestrel"})

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_case_13_key_is_good_until_its_end(cast: Cast) -> None:
    _key, secret = made(cast.ada, days=1)

    assert asked(cast.ada, secret) == (200, "")
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert asked(cast.ada, secret) == (401, "key_revoked")


def test_case_13_key_made_by_the_operator_has_an_end(cast: Cast) -> None:
    printed = StringIO()
    call_command("create_api_key", portal="acme", user="ada@acme.example", name="CRM", days=30, stdout=printed)

    assert asked(cast.ada, printed.getvalue().strip()) == (200, "")
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert asked(cast.ada, printed.getvalue().strip()) == (401, "key_revoked")


def test_case_13_revoked_key(cast: Cast) -> None:
    key, secret = made(cast.ada)
    with inside(cast.acme):
        revoke_api_key(key, by=None)

    assert asked(cast.ada, secret) == (401, "key_revoked")


@pytest.mark.usefixtures("mailbox")
@pytest.mark.parametrize("name", ["api_key", "key", "access_token", "search"])
def test_case_13_key_in_an_address_is_burnt(cast: Cast, name: str) -> None:
    _key, secret = made(cast.ada)

    answer = visitor(cast.acme).get(LEADS, {name: secret})

    assert (answer.status_code, answer.json()["code"]) == (400, "credential_in_url")
    assert secret not in answer.content.decode()
    assert asked(cast.ada, secret) == (401, "key_revoked")
    words = "Your API key CRM was revoked: it was sent in an address"
    assert mails_of(cast.acme) == [("ada@acme.example", words)]


@pytest.mark.usefixtures("mailbox")
def test_case_13_what_only_looks_like_a_key_gets_the_same_answer(cast: Cast) -> None:
    _key, secret = made(cast.ada)
    no_key, foreign = secret[:-4] + "AAAA", made(cast.dan)[1]

    answers = [visitor(cast.acme).get(LEADS, {"key": value}) for value in (no_key, foreign)]

    assert [answer.json()["code"] for answer in answers] == ["credential_in_url"] * 2
    assert asked(cast.dan, foreign) == (200, "")  # of another portal, whose key cannot be burnt from here
    assert mails_of(cast.acme) == []
