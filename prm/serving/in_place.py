"""One piece of a record (prm/facts.py), edited where it stands; without a script, on a page of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.db import models
from django.http import QueryDict

from prm.actions import Refused, Stale
from prm.facts import Piece
from prm.forms import Clash, RecordForm, clash
from prm.serving.typed import form_of
from prm.users.access import PageRequest

R = TypeVar("R", bound=models.Model)


class Save(Protocol):
    """The record's own verb, with what was typed and the version that it was read at."""

    def __call__(self, values: Mapping[str, Any], version: int | None) -> object: ...


@dataclass(frozen=True)
class Edit:
    """How it went: `is_saved`, or the form as it is to be shown again, with the answer's status."""

    form: RecordForm
    status: int = 200
    conflict: Clash | None = None
    is_saved: bool = False

    def context(self, piece: Piece) -> dict[str, Any]:
        """What components/fact_form.html asks for."""
        return {"piece": piece, "lines": piece.lines(self.form), "form": self.form, "conflict": self.conflict}


def edit_piece(
    request: PageRequest,
    *,
    look: Callable[[], R],
    form_for: Callable[[R, QueryDict | None], RecordForm],
    save: Save,
) -> Edit:
    """Show the form of a piece, or save it. `look` finds the record as the member sees it now.

    A no of the business leaves the form as it was typed, with the reason: it may stand beside others on a page.
    """
    record = look()
    form = form_of(request, lambda sent: form_for(record, sent))
    if request.method != "POST":
        return Edit(form)
    if not form.is_valid():
        return Edit(form, 422)
    try:
        conflict = _saved(request, form, look, form_for, save)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return Edit(form, 422)
    return Edit(form, 409, conflict) if conflict else Edit(form, is_saved=True)


def _saved(
    request: PageRequest,
    form: RecordForm,
    look: Callable[[], R],
    form_for: Callable[[R, QueryDict | None], RecordForm],
    save: Save,
) -> Clash | None:
    """Save it, or say what somebody else made of it meanwhile. A change elsewhere in the record is no conflict."""
    try:
        save(form.values, form.cleaned_data["version"])
    except Stale:
        record = look()
        now = form_for(record, None)
        found = clash(form, now, subject=record, member=request.membership)
        if found.choices or found.taken_over:
            return found
        save(form.values, now.initial["version"])
    return None
