"""Canaries in the stack that the browser visits, and an ear at what the browser is sent."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from playwright.sync_api import Error, Response

from prm import environment
from prm.local.stack import Stack
from tests.canaries import words_in
from tests.guards.catalogue import fenced_models
from tests.planting import columns, dressed

LISTENED_TO = {"document", "xhr", "fetch"}


def plant(stack: Stack) -> dict[str, str]:
    """A word of the portal in every empty column of every row; returns the portals' codes by address."""
    with _as_owner(stack) as cursor:
        cursor.execute("SELECT slug, code, id FROM organizations_portal")
        portals = cursor.fetchall()
        for _slug, code, portal_id in portals:
            for model in fenced_models():
                for name in columns(model):
                    word, table = dressed(f"qz{code}x0zq", model, name), model._meta.db_table
                    if not isinstance(word, str):
                        continue  # a document is never empty
                    cursor.execute(
                        f"UPDATE {table} SET {name} = %s WHERE {name} = '' AND portal_id = %s", [word, portal_id]
                    )
    return {slug: code for slug, code, _id in portals}


def foreign_words(response: Response, codes: dict[str, str]) -> list[str]:
    """Other portals' words in what a portal has answered."""
    if response.request.resource_type not in LISTENED_TO:
        return []
    try:
        body = b"" if response.request.redirected_to else response.body()
    except Error:  # left before it had arrived
        body = b""
    text = "\n".join(f"{name}: {value}" for name, value in response.headers.items()).encode()
    address = urlsplit(response.url)
    is_admin = address.path.startswith("/admin/")  # at no portal; whoever tests it enters Acme
    own = codes.get("acme" if is_admin else (address.hostname or "").partition(".")[0], "")
    return [f"{response.url}: a word of {code}" for code, _number in words_in(text + body) if code != own]


@contextmanager
def _as_owner(stack: Stack) -> Iterator[Any]:
    """Past Django, whose ORM cannot be used beside Playwright, and past the policies as a migration goes."""
    found = environment.database(stack.env["DATABASE_OWNER_URL"])
    names = {"host": found["HOST"], "port": found["PORT"], "user": found["USER"], "password": found["PASSWORD"]}
    link = psycopg2.connect(dbname=found["NAME"], **{name: value for name, value in names.items() if value})
    with closing(link), link, link.cursor() as cursor:
        cursor.execute("SET LOCAL app.migrating = 'on'")
        yield cursor
