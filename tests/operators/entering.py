"""Operators in tests: their account, their browser, and the way into a portal."""

import time
from datetime import timedelta

import time_machine
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from prm.operators.people import Credentials, add_operator
from prm.operators.sessions import SessionStore
from prm.organizations.models import Portal
from prm.users.models import User
from tests.abuse.attacking import code_of
from tests.browsing import LONG, Answer, visitor
from tests.cast import PASSWORD

OLGA = "olga@operations.example"
SIGN_IN, CODE = "/admin/sign-in/", "/admin/code/"


def new_operator(email: str = OLGA) -> Credentials:
    return add_operator(email, password=PASSWORD)


def send_password(client: Client, email: str = OLGA, password: str = PASSWORD, *, to: str = "") -> Answer:
    form = {"login": email, "password": password, **({"next": to} if to else {})}
    answer: Answer = client.post(SIGN_IN, form)
    return answer


def signed_in_by_hand(made: Credentials, *, to: str = "") -> tuple[Client, Answer]:
    """Through the true pages, password and code."""
    client = visitor(None)
    assert send_password(client, made.user.email, to=to)["Location"] == CODE
    answer: Answer = client.post(CODE, {"code": code_of(made.secret)})
    return client, answer


def signed_in(operator: User, portal: Portal | None = None, *, proved: bool = True) -> Client:
    """A browser with this operator's session, and in a portal if one is given."""
    session = SessionStore()
    session[SESSION_KEY] = str(operator.pk)
    session[BACKEND_SESSION_KEY] = "prm.operators.sign_in.OperatorBackend"
    session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
    methods = ["password", "mfa"] if proved else ["password"]
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": name, "at": time.time() + LONG} for name in methods]
    session["account_authentication_methods_user"] = user_id_to_str(operator)
    session.begin()
    session.save()
    client = visitor(None)
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    if portal is not None:
        enter(client, portal)
    return client


def enter(client: Client, portal: Portal) -> None:
    assert client.post(f"/admin/portals/{portal.slug}/enter/")["Location"] == "/admin/"


def is_in(client: Client) -> bool:
    return client.get("/admin/portals/").status_code == 200


def later(**delta: float) -> time_machine.travel:
    """So much later by every clock of this process."""
    return time_machine.travel(time.time() + timedelta(**delta).total_seconds(), tick=False)
