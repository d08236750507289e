"""How often somebody may guess: growing delays per account and per address, counted in Postgres.

A wrong guess makes the next one wait, longer each time; nothing is ever locked. The counts are taken
under row locks, so that guesses made at once count one after the other. The figures: an account takes
at most 91 guesses a day from all addresses together, an address makes at most 267 at all accounts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from math import ceil
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.serving.client import client_address, network_of
from prm.users.models import Guesses

FORGOTTEN_AFTER = timedelta(days=1)  # of quiet


@dataclass(frozen=True)
class Limit:
    """So many wrong guesses are free; then the wait doubles from one second up to `longest`."""

    free: int
    longest: timedelta

    def wait_after(self, wrong: int) -> timedelta:
        if wrong < self.free:
            return timedelta(0)
        return min(timedelta(seconds=2 ** min(wrong - self.free, 30)), self.longest)


ACCOUNT = Limit(free=10, longest=timedelta(minutes=20))
ADDRESS = Limit(free=20, longest=timedelta(minutes=6))


@dataclass(frozen=True)
class Count:
    """One row of counting, for instance the wrong passwords for one account."""

    key: str
    limit: Limit = ACCOUNT

    @property
    def digest(self) -> str:
        return salted_hmac("prm.users.guesses", self.key, algorithm="sha256").hexdigest()


@dataclass(frozen=True)
class Series:
    """What one guess counts against: at the account and the sender, or at one's own device alone."""

    counts: tuple[Count, ...]
    is_own: bool = False  # of a device that the owner has signed in on

    def check(self, request: HttpRequest) -> None:
        """Lock the counts until the end of the transaction. Raises Slowed where one of them has to wait.

        The answer of a page under `says_when` is then a 429 with Retry-After.
        """
        until = max(row.free_at for row in self._locked().values())
        if until > timezone.now():
            request.slowed_until = until  # type: ignore[attr-defined]
            raise Slowed(until)

    def add(self) -> bool:
        """One more wrong guess; whether it is the one after which its owner is to be told."""
        now, rows = timezone.now(), self._locked()
        for count in self.counts:
            row = rows[count.digest]
            row.wrong = 1 if now - row.last_at > FORGOTTEN_AFTER else row.wrong + 1
            row.last_at, row.free_at = now, now + count.limit.wait_after(row.wrong)
            row.save()
        return rows[self.counts[0].digest].wrong == self.counts[0].limit.free

    def end(self) -> None:
        """The guess was right. Only a device's own count is forgotten: else an attacker would have free
        guesses again each time the owner signs in."""
        if self.is_own:
            Guesses.objects.filter(key__in=[count.digest for count in self.counts]).delete()

    def _locked(self) -> dict[str, Guesses]:
        keys = sorted(count.digest for count in self.counts)
        now = timezone.now()
        new = [Guesses(key=key, last_at=now, free_at=now) for key in keys]
        Guesses.objects.bulk_create(new, ignore_conflicts=True)
        rows = Guesses.objects.select_for_update().filter(key__in=keys).order_by("key")
        return {row.key: row for row in rows}


def strangers(request: HttpRequest, what: str, account: str) -> Series:
    """Counts `what` at an account, whether or not there is such a one, and at the sender's address."""
    sender = network_of(client_address(request))
    return Series((Count(f"{what} {account}"), Count(f"{what} from {sender}", ADDRESS)))


class Slowed(ValidationError):
    """Too many wrong guesses: the next one is not looked at before `until`."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(_wait_in_words(until), code="slowed")


def forget_old() -> None:
    """What nobody has added to for a day. Called by a task."""
    Guesses.objects.filter(last_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()


def _wait_in_words(until: datetime) -> str:
    seconds = max(1, ceil((until - timezone.now()).total_seconds()))
    if seconds < 60:
        wait = ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    else:
        minutes = ceil(seconds / 60)
        wait = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return _("Too many tries that were wrong. Wait %(wait)s, then try again.") % {"wait": wait}


def says_when(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Gives a form that comes back its status: 429 with Retry-After after `Slowed`, else 422."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        until: datetime | None = getattr(request, "slowed_until", None)
        if until is not None:
            response.status_code = 429
            response["Retry-After"] = str(max(1, ceil((until - timezone.now()).total_seconds())))
        elif request.method == "POST" and isinstance(response, TemplateResponse) and response.status_code == 200:
            response.status_code = 422
        return response

    return page
