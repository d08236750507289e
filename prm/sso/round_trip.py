"""To the provider and back: what a browser has to bring along again, in signed cookies of its own.

Nothing is written down on our side before an answer comes, so that asking costs a stranger as much as
us. The cookies are HttpOnly and name one portal; each tab's trip has its own.
"""

import hashlib
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from prm.sso.claims import Claims

TRIP_SECONDS = 10 * 60  # for a password, a second factor and a call to the help desk
ANSWER_SECONDS = 60  # a redirect
TICKET_SECONDS = 5 * 60
SALT = "prm.sso.round_trip"


def random_word() -> str:
    """256 bits: a state, a nonce, or a code verifier (RFC 7636 asks for 43 characters)."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class RoundTrip:
    """What was asked: kept with the browser that asked."""

    provider: str
    state: str  # OpenID Connect: the state; SAML: the request's id
    nonce: str = ""
    verifier: str = ""
    to: str = ""  # where the person wanted to go
    tester: str = ""  # the administrator who tries the provider out, by membership


@dataclass(frozen=True)
class Answered:
    """SAML: what the posted answer came to, on its way to the page that may see the trip's cookie.

    The post comes from another site, and cookies that are Lax do not travel with it.
    """

    provider: str
    state: str
    digest: str
    code: str = ""  # why it was refused
    detail: str = ""
    claims: Claims | None = None


def set_out(request: HttpRequest, response: HttpResponseBase, trip: RoundTrip) -> None:
    _put(request, response, _trip_name(trip.state), asdict(trip), TRIP_SECONDS)


def trip_of(request: HttpRequest, state: str) -> RoundTrip | None:
    """The trip that this browser began under this state, while it lasts."""
    found = _read(request, _trip_name(state), TRIP_SECONDS)
    if found is None or not secrets.compare_digest(found["state"].encode(), state.encode(errors="replace")):
        return None
    return RoundTrip(**found)


def arrive(response: HttpResponseBase, state: str) -> None:
    """The trip is over, however it ended."""
    response.delete_cookie(_name(_trip_name(state)))


def hand_over(request: HttpRequest, response: HttpResponseBase, answered: Answered) -> None:
    _put(request, response, "answer", asdict(answered), ANSWER_SECONDS)


def handed_over(request: HttpRequest) -> Answered | None:
    found = _read(request, "answer", ANSWER_SECONDS)
    if found is None:
        return None
    claims = found.pop("claims")
    if claims is not None:
        claims = Claims(**{**claims, "others": tuple(claims["others"])})
    return Answered(**found, claims=claims)


def forget_answer(response: HttpResponseBase) -> None:
    response.delete_cookie(_name("answer"))


def give_ticket(request: HttpRequest, response: HttpResponseBase, *, provider: str, tester: str) -> None:
    """Lets an administrator's browser try a provider that is not in use yet."""
    _put(request, response, "test", {"provider": provider, "tester": tester}, TICKET_SECONDS)


def tester_of(request: HttpRequest, provider: str) -> str:
    """The membership that tries this provider out in this browser, or ''."""
    found = _read(request, "test", TICKET_SECONDS)
    return str(found["tester"]) if found and found["provider"] == provider else ""


# --- Cookies --------------------------------------------------------------------------------------------


def _trip_name(state: str) -> str:
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()[:12]


def _name(name: str) -> str:
    return f"{'__Host-' if settings.SESSION_COOKIE_SECURE else ''}sso-{name}"


def _salt(request: HttpRequest, name: str) -> str:
    portal = request.portal  # type: ignore[attr-defined]
    return f"{SALT}.{portal.pk}.{name}"


def _put(request: HttpRequest, response: HttpResponseBase, name: str, value: dict[str, Any], seconds: int) -> None:
    response.set_cookie(
        _name(name),
        signing.dumps(value, salt=_salt(request, name)),
        max_age=seconds,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest, name: str, seconds: int) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = signing.loads(
            request.COOKIES.get(_name(name), ""), salt=_salt(request, name), max_age=seconds
        )
    except signing.BadSignature:
        return None
    return found
