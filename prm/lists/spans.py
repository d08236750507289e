"""Stretches of days that move with the calendar: "last 7 days" means others tomorrow."""

from collections.abc import Callable
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from prm.lists.columns import Words

Ends = tuple[date | None, date | None]


def _last(days: int) -> Callable[[date], Ends]:
    return lambda today: (today - timedelta(days=days - 1), today)


def _next(days: int) -> Callable[[date], Ends]:
    return lambda today: (today, today + timedelta(days=days - 1))


def _before(days: int) -> Callable[[date], Ends]:
    return lambda today: (None, today - timedelta(days=days))


def _month(today: date) -> Ends:
    following = (today.replace(day=1) + timedelta(days=31)).replace(day=1)
    return today.replace(day=1), following - timedelta(days=1)


def _month_before(today: date) -> Ends:
    return _month(today.replace(day=1) - timedelta(days=1))


def _yesterday(today: date) -> Ends:
    return today - timedelta(days=1), today - timedelta(days=1)


SPANS: dict[str, tuple[Words, Callable[[date], Ends]]] = {
    "today": (_("today"), _last(1)),
    "yesterday": (_("yesterday"), _yesterday),
    "last_7_days": (_("last 7 days"), _last(7)),
    "last_30_days": (_("last 30 days"), _last(30)),
    "last_90_days": (_("last 90 days"), _last(90)),
    "this_month": (_("this month"), _month),
    "last_month": (_("last month"), _month_before),
    "this_year": (_("this year"), lambda today: (date(today.year, 1, 1), date(today.year, 12, 31))),
    "over_7_days_ago": (_("over 7 days ago"), _before(8)),
    "over_30_days_ago": (_("over 30 days ago"), _before(31)),
    "past": (_("in the past"), _before(1)),
    "next_7_days": (_("next 7 days"), _next(7)),
    "next_30_days": (_("next 30 days"), _next(30)),
}
"""By their name in an address: the words, and the first and last day, seen from today."""
