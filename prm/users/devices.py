"""Devices on which somebody has signed in before: a signed cookie, which opens nothing by itself.

It gives its owner a count of wrong guesses of their own, so that nobody else's guessing keeps them
out, and it tells a sign-in from a new device from all others.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from prm.users.guesses import Count, Series, strangers
from prm.users.models import User

COOKIE = "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"
SALT = "prm.users.device"
LASTS = 180 * 24 * 3600  # seconds
MOST = 5  # people at one machine; whoever comes sixth displaces the first


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether this person has signed in on this device, at this portal, in the last half year."""
    return str(user.pk) in _read(request)["who"]


def series_of(request: HttpRequest, user: User | None, what: str, account: str) -> Series:
    """What a guess at `account` counts against; `user` is the account's owner, where it has one."""
    if user is not None and is_known(request, user):
        return Series((Count(f"{what} {user.pk} on {_read(request)['id']}"),), is_own=True)
    return strangers(request, what, account)


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    found = _read(request)
    who = [*(pk for pk in found["who"] if pk != str(user.pk)), str(user.pk)][-MOST:]
    value = signing.dumps({"id": found["id"] or secrets.token_urlsafe(16), "who": who}, salt=SALT)
    response.set_cookie(
        COOKIE, value, max_age=LASTS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {"id": "", "who": []}
    return {"id": str(found["id"]), "who": [str(pk) for pk in found["who"]]}
