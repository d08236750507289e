"""`manage.py operator`: who may enter the admin."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from prm.actions import Refused
from prm.operators.people import add_operator, operators, remove_operator, renew_operator
from prm.users.models import User
from tests.cast import PASSWORD, Cast
from tests.operators.entering import OLGA, new_operator, signed_in_by_hand

pytestmark = pytest.mark.django_db


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("operator", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed at the hidden prompt, in turn."""
    answers: list[str] = []
    monkeypatch.setattr("prm.operators.management.commands.operator.getpass", lambda prompt: answers.pop(0))
    return answers


def test_add_operator_makes_an_account_with_a_second_factor() -> None:
    made = add_operator("Olga@Operations.example", password=PASSWORD)

    assert (made.user.email, made.user.is_staff) == (OLGA, True)
    assert made.address.startswith("otpauth://totp/")
    assert made.secret in made.address
    assert len(made.recovery_codes) == 10
    kinds = Authenticator.objects.filter(user=made.user).values_list("type", flat=True)
    assert sorted(kinds) == ["recovery_codes", "totp"]
    assert made.secret not in str(Authenticator.objects.get(user=made.user, type="totp").data)


def test_add_operator_refuses_a_members_address(cast: Cast) -> None:
    with pytest.raises(Refused, match="has an account already"):
        add_operator("ADA@acme.example", password=PASSWORD)

    assert not User.objects.get(email="ada@acme.example").is_staff
    assert list(operators()) == []


def test_add_operator_refuses_a_second_time() -> None:
    new_operator()

    with pytest.raises(Refused):
        new_operator()


@pytest.mark.parametrize(("email", "password"), [("olga", PASSWORD), (OLGA, "short"), (OLGA, "passwordpassword")])
def test_add_operator_asks_for_an_address_and_a_good_password(email: str, password: str) -> None:
    with pytest.raises(ValidationError):
        add_operator(email, password=password)

    assert not User.objects.filter(is_staff=True).exists()


def test_renew_operator_takes_the_old_factor_away() -> None:
    old = new_operator()
    new = renew_operator(OLGA, password="another long password")

    assert new.secret != old.secret
    assert set(new.recovery_codes).isdisjoint(old.recovery_codes)
    assert Authenticator.objects.filter(user=new.user).count() == 2


def test_remove_operator_leaves_an_account_that_opens_nothing() -> None:
    user = remove_operator(new_operator().user.email)

    assert not user.is_staff
    assert not user.has_usable_password()
    assert not Authenticator.objects.filter(user=user).exists()
    with pytest.raises(Refused):
        remove_operator(OLGA)


@pytest.mark.parametrize("verb", [remove_operator, lambda email: renew_operator(email, password=PASSWORD)])
def test_members_are_no_operators_to_the_verbs(cast: Cast, verb: object) -> None:
    with pytest.raises(Refused, match="is no operator"):
        verb("ada@acme.example")  # type: ignore[operator]

    assert User.objects.get(email="ada@acme.example").has_usable_password()


def test_command_adds_and_shows_the_factor_once(cast: Cast, typed: list[str]) -> None:
    typed += [PASSWORD, PASSWORD]
    text = said("add", OLGA)

    assert "otpauth://totp/" in text
    assert PASSWORD not in text
    assert said("list") == f"{OLGA}: signs in with a second factor\n"


def test_command_renews_and_removes(cast: Cast, typed: list[str]) -> None:
    User.objects.create_superuser(OLGA, PASSWORD)
    assert said("list") == f"{OLGA}: cannot sign in: renew it\n"
    typed += [PASSWORD, PASSWORD]

    assert f"{OLGA} may enter /admin" in said("renew", OLGA)
    assert said("remove", OLGA) == f"{OLGA} is no operator any more.\n"
    assert said("list") == ""


def test_command_refuses_two_different_passwords(typed: list[str]) -> None:
    typed += [PASSWORD, f"{PASSWORD}s"]

    with pytest.raises(CommandError, match="two different"):
        said("add", OLGA)
    assert not User.objects.filter(email=OLGA).exists()


@pytest.mark.parametrize("arguments", [("add", "olga"), ("remove", OLGA), ("renew", OLGA)])
def test_command_says_what_is_wrong(typed: list[str], arguments: tuple[str, str]) -> None:
    typed += [PASSWORD, PASSWORD]

    with pytest.raises(CommandError):
        said(*arguments)


def test_new_credentials_open_the_admin(cast: Cast) -> None:
    new_operator()
    made = renew_operator(OLGA, password=PASSWORD)

    assert signed_in_by_hand(made)[1]["Location"] == "/admin/portals/"
