"""The form of one's own notifications."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.events.models import Event, NotificationChoice
from prm.events.unsubscribing import optional_kinds

How = NotificationChoice.How


class NotificationForm(forms.Form):
    """One choice per kind, named `how_<kind>`, and the quiet hours."""

    all_required = True  # each choice has a value; saying so nine times helps nobody

    quiet_from = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args: Any, choice: NotificationChoice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["quiet_from"], self.initial["quiet_until"] = choice.quiet_from, choice.quiet_until
        for kind in optional_kinds():
            self.fields[f"how_{kind}"] = forms.ChoiceField(
                label=Event.Kind(kind).label, choices=How.choices, initial=choice.how(kind), required=True
            )

    @property
    def kinds(self) -> list[forms.BoundField]:
        """The choices in the order of their kinds."""
        return [self[f"how_{kind}"] for kind in optional_kinds()]

    @property
    def by_kind(self) -> dict[str, str]:
        return {kind: self.cleaned_data[f"how_{kind}"] for kind in optional_kinds()}

    def clean(self) -> dict[str, Any]:
        start, end = self.cleaned_data.get("quiet_from"), self.cleaned_data.get("quiet_until")
        if (start is None) != (end is None):
            missing = "quiet_until" if end is None else "quiet_from"
            self.add_error(missing, _("Quiet hours need a beginning and an end."))
        elif start is not None and start == end:
            self.add_error("quiet_until", _("Quiet hours cannot last all day: decline mails above instead."))
        return self.cleaned_data
