"""What the templates ask for by name."""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_timedelta
from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from heroicons import IconDoesNotExist
from heroicons.templatetags.heroicons import heroicon_mini, heroicon_outline

from prm import world
from prm.charts import Shape
from prm.markup import joined, markup
from prm.serving import assets
from prm.serving.undo import undo_of

register = template.Library()
HUES = 12
DIRECTED = re.compile(r"-(left|right)\b|paper-airplane")  # looks the other way where one writes from the right
RELATIVE_FOR = timedelta(days=7)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: str = "") -> SafeString:
    """An inline SVG that says nothing to a screen reader: the words stand beside it."""
    draw = heroicon_mini if size == "mini" else heroicon_outline
    pixels = {"mini": 16}.get(size, 20)
    kind = "icon directed" if DIRECTED.search(name) else "icon"
    try:
        return SafeString(draw(name, size=pixels, **{"class": kind, "aria-hidden": "true"}))
    except IconDoesNotExist:
        return SafeString(draw("information-circle", size=pixels, **{"class": "icon", "aria-hidden": "true"}))


@register.simple_tag(takes_context=True)
def style_address(context: dict[str, Any]) -> str:
    """The one stylesheet, with the portal's colours in it."""
    return assets.style_address(context.get("portal"))


@register.simple_tag
def script_address() -> str:
    """The one script."""
    return assets.script_address()


@register.filter
def initials(value: object) -> str:
    """Two letters for a tile: "Kestrel Biotech" is KB."""
    words = [word for word in str(value).split() if word[:1].isalnum()]
    letters = words[0][:2] if len(words) == 1 else "".join(word[0] for word in words[:2])
    return letters.upper() or "?"


@register.filter
def hue(value: object) -> int:
    """A number from 0 to 11, always the same for the same name: the tile's colour class."""
    return hashlib.blake2b(str(value).encode(), digest_size=1).digest()[0] % HUES


@register.filter
def moment(at: datetime | None) -> str:
    """A time as people say it, the exact one with its zone on hover."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    age = timezone.now() - at
    if timedelta(0) <= age < RELATIVE_FOR:
        words = format_timedelta(-age, add_direction=True, locale=world.locale(), threshold=0.95)
    else:
        words = world.day(local)
    return markup('<time datetime="{}" title="{}">{}</time>', local.isoformat(), world.exact_moment(local), words)


@register.filter
def grouped(number: int) -> str:
    """A number as the reader writes it: "20,000"."""
    return world.number(number)


@register.filter
def capped(count: int) -> str:
    """A count that stopped at a thousand: "1,000+"."""
    from prm.counting import capped as in_words

    return in_words(count)


@register.filter
def length_of_time(length: timedelta) -> str:
    """A length of time in the largest unit of which there are two: "26 hours", "3 days"."""
    words: str = format_timedelta(length, locale=world.locale(), threshold=2)
    return words


@register.simple_tag
def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency, or nothing."""
    if amount is None:
        return ""
    return world.money(amount, currency) if currency else world.written(amount)


@register.simple_tag
def rects(shapes: Iterable[Shape]) -> SafeString:
    """Rectangles of a picture. Their numbers are the picture's own, and no reader's."""
    rect = '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>'
    return joined(markup(rect, each.kind, each.x, each.y, each.width, each.height) for each in shapes)


@register.filter
def percent(share: int) -> str:
    """25 as "25%", or as the reader writes it."""
    return world.percent(share)


register.filter("undo", undo_of)


@register.filter
def country_name(code: str) -> str:
    return world.country_name(code) if code else ""


@register.simple_tag
def field(bound: BoundField, **extra: Any) -> SafeString:
    """A form field with label, help and errors."""
    return render_to_string("components/field.html", {"field": bound, **extra})


@register.simple_tag(takes_context=True)
def query_string(context: dict[str, Any], **changes: Any) -> str:
    """The present address's query with changes; None or '' leaves a parameter out.

    So it does with what was only for this one page: the form that a list was asked to show, a draft.
    """
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    for name in ("choose", "find", "draft"):
        parameters.pop(name, None)
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    encoded = parameters.urlencode()
    return f"?{encoded}" if encoded else "?"


@register.simple_tag(takes_context=True)
def typed_by(context: dict[str, Any], page: str = "") -> SafeString | str:
    """Inside a form that people type into: whose it is and on which page it stands (prm/users/drafts.py)."""
    from prm.users.drafts import DRAFT, STAMP, stamp_for

    member = context.get("membership")
    if member is None or member.viewer is not None:
        return ""
    hidden = '<input type="hidden" name="{}" value="{}">'
    request: HttpRequest = context["request"]
    draft = getattr(request, "draft", None) or request.POST.get(DRAFT, "")
    kept = format_html(hidden, DRAFT, getattr(draft, "pk", draft)) if draft else ""
    return format_html("{}{}", format_html(hidden, STAMP, stamp_for(member, page or request.path)), kept)


@register.filter
def humanized(name: str) -> str:
    """A form field's name in words, where its label is not to be had: `deal-close_date` is "Close date"."""
    words = name.rpartition("-")[2].replace("_", " ")
    return words[:1].upper() + words[1:]
