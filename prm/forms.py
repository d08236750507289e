"""What forms about records share: two people may edit the same one, and neither loses a word.

A form carries the version it was read at, and a digest of each field as it was then. When somebody else
was faster, `clash` tells three cases apart: what only they changed is taken over, what only you changed
stands, and where both did, both versions are shown and you choose.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _

from prm.events.timeline import last_changes
from prm.users.models import Membership
from prm.world import read_number, written

FRAME = frozenset({"version", "as_read"})
KEEP, THEIRS = "keep-", "theirs"
"""`keep-city=theirs` in what was sent: of the two versions shown, the other one."""

TICKED = "on"
"""What a browser sends for a box that is ticked; for another it sends nothing."""

F = TypeVar("F")


class AmountField(forms.DecimalField):
    """An amount as its reader writes it: browsers take none of 1.234,50 in a field for numbers."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, Decimal):
            return super().to_python(value)
        try:
            return super().to_python(str(read_number(str(value))))
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Decimal) else value


class RecordForm(forms.ModelForm):
    """A form of a record that may be there already. Subclasses end their __init__ with `remember`."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    as_read = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)

    def keep(self, names: Collection[str]) -> None:
        """Leave out every other field."""
        for name in set(self.fields) - FRAME - set(names):
            del self.fields[name]

    def remember(self, version: int) -> None:
        """Note how the record is now, so that a change by somebody else is noticed."""
        self.initial["version"] = version
        self.initial["as_read"] = " ".join(
            f"{name}:{_digest(said(self, name))}" for name in self.fields if name not in FRAME
        )

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, without the frame."""
        return {name: value for name, value in self.cleaned_data.items() if name not in FRAME}


@dataclass(frozen=True)
class Line:
    """One field of which there are two versions, in words. `by` and `at` tell of the other one, where known."""

    name: str
    label: str
    yours: str
    theirs: str
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Clash:
    """What somebody else changed while the form was being filled in."""

    choices: list[Line] = field(default_factory=list)
    taken_over: list[Line] = field(default_factory=list)

    @property
    def newest(self) -> Line | None:
        known = [line for line in (*self.choices, *self.taken_over) if line.at]
        return max(known, key=lambda line: line.at or datetime.min) if known else None


def clash(form: RecordForm, now: RecordForm, *, subject: models.Model, member: Membership) -> Clash:
    """Compare what was sent with the record as it is now, and make the form ready to be sent again.

    `now` is the same form, unsent, of the record as `member` sees it now. Saving again, with both
    versions in sight, is a decision: the form goes on with the version of now.
    """
    read = dict(part.split(":", 1) for part in form.data.get("as_read", "").split() if ":" in part)
    story = last_changes(subject, member)
    found, sent = Clash(), form.data.copy()  # type: ignore[attr-defined]  # a QueryDict
    for name in now.fields:
        yours, theirs = said(form, name), said(now, name)
        was = read.get(name)
        if name in FRAME or yours == theirs or _digest(theirs) == was:
            continue
        by, at = story.get(name, ("", None))
        line = Line(name, _label(now, name), _words(now, name, yours), _words(now, name, theirs), by, at)
        if _digest(yours) == was:
            sent.setlist(now.add_prefix(name), theirs)
            found.taken_over.append(line)
        else:
            found.choices.append(line)
    for name in FRAME:
        sent[now.add_prefix(name)] = str(now.initial[name])
    form.data = sent
    return found


def settled(sent: QueryDict, make: Callable[[QueryDict | None], F]) -> QueryDict:
    """What was sent, with the choices that were made between two versions."""
    names = [key.removeprefix(KEEP) for key, value in sent.items() if key.startswith(KEEP) and value == THEIRS]
    if not names:
        return sent
    now, chosen = make(None), sent.copy()
    assert isinstance(now, forms.BaseForm)
    for name in set(names) & set(now.fields):
        chosen.setlist(now.add_prefix(name), said(now, name))
    return chosen


def said(form: forms.BaseForm, name: str) -> list[str]:
    """What a field of a form holds, as a browser sends it."""
    field = form.fields[name]
    value = form.get_initial_for_field(field, name)
    if form.is_bound:
        sent = field.widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
        value = field.bound_data(sent, value)
    if isinstance(field.widget, forms.CheckboxInput):
        return [TICKED] if value else []
    shown = field.widget.format_value(field.prepare_value(value))
    each = shown if isinstance(shown, list) else [shown]
    # A browser ends lines its own way, and a field gives back its text without the blanks around it.
    texts = ["" if text is None else str(text).replace("\r\n", "\n").strip() for text in each]
    return sorted(text for text in texts if text)


def refill(form: forms.BaseForm, fields: Mapping[str, list[str]]) -> None:
    """Fill an unsent form with what was once sent, unchecked: it is for its author to send again."""
    sent = QueryDict(mutable=True)
    for name, values in fields.items():
        sent.setlist(name, values)
    for name, each in form.fields.items():
        form.initial[name] = each.widget.value_from_datadict(sent, {}, form.add_prefix(name))


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:12]


def _label(form: forms.BaseForm, name: str) -> str:
    return str(form[name].label)


def _words(form: forms.BaseForm, name: str, texts: list[str]) -> str:
    """The labels of what can be chosen, yes or no for a box to tick; other text as it is."""
    if isinstance(form.fields[name].widget, forms.CheckboxInput):
        return _("yes") if texts else _("no")
    labels = {str(key): str(label) for key, label in getattr(form.fields[name], "choices", [])}
    return ", ".join(sorted(labels.get(text, text) for text in texts))
