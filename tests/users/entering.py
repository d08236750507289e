"""Signing in through the real page, as a browser does."""

from django.test import Client

from tests.browsing import Answer
from tests.cast import PASSWORD


def enter(client: Client, email: str, password: str = PASSWORD, *, to: str = "") -> Answer:
    """Send the sign-in form; `to` is where the visitor wanted to go."""
    form = {"login": email, "password": password, **({"next": to} if to else {})}
    answer: Answer = client.post("/accounts/login/", form)
    return answer


def is_in(client: Client) -> bool:
    """Whether this browser is signed in at its host."""
    return client.get("/profile/").status_code == 200
