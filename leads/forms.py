"""Forms about leads. They check the shape of input; what may be done is the actions' business."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import DETAIL_FIELDS, Activity, DistributionSettings, Lead, LostReason, written_by
from prm.files.handed_in import HandedIn, look_at
from prm.files.kinds import KINDS
from prm.files.names import plain_name
from prm.files.store import NotStored
from prm.forms import AmountField, RecordForm
from prm.organizations.context import active_portal
from prm.organizations.models import Organization
from prm.text import ProseField
from prm.users.models import Membership
from prm.world import country_choices, currency_choices

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def missing_name(values: dict[str, Any]) -> str:
    """What is wrong when neither company nor last name is given; empty when all is well."""
    return "" if values.get("company") or values.get("last_name") else _("Give a company or a last name.")


def missing_currency(values: dict[str, Any]) -> str:
    """What is wrong when a budget stands without its currency; empty when all is well."""
    lacks = values.get("budget") is not None and not values.get("budget_currency")
    return _("Say in which currency the budget is.") if lacks else ""


def wrong_time(at: datetime | None) -> str:
    """Why an activity cannot have happened then; empty when it can, or when no time is given."""
    if at is None:
        return ""
    if at > timezone.now() + timedelta(minutes=5):
        return _("This is in the future.")
    return _("This is too long ago.") if at < LONG_AGO else ""


class LeadForm(RecordForm):
    """The lead's details, or `only` some; a partner's form leaves out what is the vendor's to say."""

    website = forms.URLField(label=gettext_lazy("Website"), max_length=300, required=False, assume_scheme="https")
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    budget_currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)

    class Meta:
        model = Lead
        fields = DETAIL_FIELDS
        field_classes = {"budget": AmountField}
        widgets = {
            "description": forms.Textarea(attrs={"rows": 4}),
            "internal_notes": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, by: Membership, only: Iterable[str] = DETAIL_FIELDS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]
        self.fields["budget_currency"].choices = currency_choices()  # type: ignore[attr-defined]
        self.fields["internal_notes"].help_text = _("Only your own people see these.")
        self.keep(written_by(by) & set(only))
        if not self.instance._state.adding:
            self.remember(self.instance.version_for(by))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        whole = {name: getattr(self.instance, name) for name in DETAIL_FIELDS if name not in self.fields} | cleaned
        if wrong := missing_name(whole):
            self.add_error("company" if "company" in self.fields else "last_name", wrong)
        if "budget" in self.fields and (wrong := missing_currency(cleaned)):
            self.add_error("budget_currency", wrong)
        return cleaned


class AssignForm(forms.Form):
    """Either an organization or one of its people."""

    organization: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(queryset=None, required=False)
    user: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(queryset=None, required=False)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = Organization.objects.visible_to(by)  # type: ignore[attr-defined]
        people = Membership.objects.visible_to(by).select_related("user", "organization")
        self.fields["user"].queryset = people.prefetch_related("groups")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(cleaned.get("organization")) == bool(cleaned.get("user")):
            raise forms.ValidationError(_("Choose an organization or a person."))
        return cleaned

    @property
    def receiver(self) -> Organization | Membership:
        found: Organization | Membership = self.cleaned_data["user"] or self.cleaned_data["organization"]
        return found


class HandOverForm(forms.Form):
    user: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Colleague"))

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Membership.objects.filter(organization=by.organization_id).select_related("user", "organization")
        self.fields["user"].queryset = people.prefetch_related("groups")  # type: ignore[attr-defined]


class LoseManyForm(forms.Form):
    """Why leads are closed as lost."""

    reason: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=gettext_lazy("Lost reason"),
        queryset=None,
        empty_label="—",
        error_messages={"required": gettext_lazy("Choose why it was lost.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = LostReason.objects.filter(is_active=True)  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """How a lead ends without a deal. A lost one needs its reason."""

    LOST, WON = "lost", "won"
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), widget=forms.RadioSelect)
    reason: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=gettext_lazy("Lost reason"), queryset=None, required=False, empty_label="—"
    )

    def __init__(self, *args: Any, can_win: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outcomes = [(self.LOST, _("Lost")), (self.WON, _("Won, without a deal"))]
        self.fields["outcome"].choices = outcomes if can_win else outcomes[:1]  # type: ignore[attr-defined]
        self.initial.setdefault("outcome", self.LOST)
        self.fields["reason"].queryset = LostReason.objects.filter(is_active=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("outcome") == self.LOST and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Choose why it was lost."))
        return cleaned


class CommentForm(forms.Form):
    text = ProseField(label=gettext_lazy("Comment"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}))
    audience = forms.ChoiceField(label=gettext_lazy("Who sees it"), widget=forms.RadioSelect, initial="shared")

    def __init__(self, *args: Any, lead: Lead, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        other = lead.organization if by.is_vendor else active_portal()
        choices = [("internal", _("Only %(organization)s") % {"organization": by.organization})]
        if other is not None:
            choices.insert(0, ("shared", _("Shared with %(organization)s") % {"organization": other}))
        self.fields["audience"].choices = choices  # type: ignore[attr-defined]
        self.initial.setdefault("audience", choices[0][0])
        if lead.organization is not None and lead.organization.distributor is not None:
            words = _("%(distributor)s, under whom %(organization)s sells, reads what is shared.")
            names = {"distributor": lead.organization.distributor, "organization": lead.organization}
            self.fields["audience"].help_text = words % names

    @property
    def is_internal(self) -> bool:
        return bool(self.cleaned_data["audience"] == "internal")


class ActivityForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What"), choices=Activity.Kind.choices)
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=Activity.Outcome.choices)
    happened_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Left empty: now."),
    )
    note = ProseField(
        label=gettext_lazy("Note"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_happened_at(self) -> Any:
        at = self.cleaned_data["happened_at"]
        if wrong := wrong_time(at):
            raise forms.ValidationError(wrong)
        return at


class FilesInput(forms.FileInput):
    """Several at once. What the server will not take in one go, the browser says before it is sent."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        endings = ",".join(f".{ending}" for kind in KINDS.values() for ending in kind.endings)
        super().__init__({"accept": endings, "data-most": str(settings.PRM_FILES_AT_ONCE)})


class FilesField(forms.FileField):
    """The files as they came; an empty list is none."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        if not data:
            raise ValidationError(_("Choose at least one file."), code="required")
        return list(data)


class FilesForm(forms.Form):
    """Files for a lead. Valid or not, `cleaned_data["file"]` holds those that may be kept."""

    file = FilesField(label=gettext_lazy("Files"))
    is_internal = forms.BooleanField(label=gettext_lazy("Only for our own people"), required=False)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by.is_vendor:
            del self.fields["is_internal"]
        most = {"one": filesizeformat(settings.PRM_LARGEST_FILE), "all": filesizeformat(settings.PRM_FILES_AT_ONCE)}
        self.fields["file"].help_text = (
            _("PDF, Office files without macros, pictures, CSV, text. %(one)s each at most, %(all)s at once.")
            % most
        )
        words = _("Together these are more than the %(all)s that can be sent at once.") % most
        self.fields["file"].widget.attrs["data-too-much"] = words

    def clean_file(self) -> list[HandedIn]:
        """One that is no good does not keep the others out."""
        good = []
        for upload in self.cleaned_data["file"]:
            name = plain_name(upload.name or "")
            try:
                good.append(look_at(upload))
            except ValidationError as wrong:
                self.refuse(name, str(wrong.message), code=wrong.code or "")
            except NotStored as no:
                self.refuse(name, str(no), code=no.code)
        return good

    def refuse(self, name: str, words: str, *, code: str) -> None:
        """Say of one of the files why it was not kept."""
        kept = self.cleaned_data["file"]
        self.add_error("file", ValidationError(f"{name}: {words}", code=code))
        self.cleaned_data["file"] = kept


class DistributionForm(forms.ModelForm):
    class Meta:
        model = DistributionSettings
        fields = ["allow_organization_assignment", "closing_mode"]
        widgets = {"closing_mode": forms.RadioSelect}
        help_texts = {
            "closing_mode": gettext_lazy("How a lead may end well. Closing it as lost is always possible."),
        }
