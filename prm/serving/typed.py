"""Forms as they arrive: sent, or not yet and perhaps with what was typed before the session ran out."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.http import HttpRequest, QueryDict

from prm.forms import refill, settled
from prm.users.access import PageRequest
from prm.users.drafts import find_draft
from prm.users.models import Draft

F = TypeVar("F")


def form_of(request: PageRequest, make: Callable[[QueryDict | None], F]) -> F:
    """The page's form: `make` is given what was sent, or None for an unsent one."""
    if request.method == "POST":
        return make(settled(request.POST, make) or None)
    return refilled(make(None), request)


def refilled(form: F, request: PageRequest, *, action: str = "") -> F:
    """An unsent form with the draft in it that the address names, if that was sent to `action` (or to here)."""
    draft = draft_of(request)
    if draft is None or draft.action != (action or request.path):
        return form
    parts = [form] if isinstance(form, forms.BaseForm) else form.parts  # type: ignore[attr-defined]
    for part in parts:
        refill(part, draft.fields)
        part.is_refilled = True  # type: ignore[union-attr]
    request.is_refilled = True  # type: ignore[attr-defined]
    return form


def draft_of(request: HttpRequest) -> Draft | None:
    """The member's draft that the address of a page names; looked for once."""
    if not hasattr(request, "draft"):
        member = request.membership  # type: ignore[attr-defined]
        is_asked = request.method == "GET" and member is not None and member.viewer is None
        request.draft = find_draft(request.GET, member=member) if is_asked else None  # type: ignore[attr-defined]
    found: Draft | None = request.draft  # type: ignore[attr-defined]
    return found
