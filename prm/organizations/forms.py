"""The organization form."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from prm.files.pictures import as_png, check_size
from prm.forms import RecordForm
from prm.organizations.models import Organization, Portal, Tier
from prm.users.models import Membership
from prm.world import country_choices


class OrganizationForm(RecordForm):
    """All of an organization; choices are the active portal's own."""

    website = forms.URLField(label=_("Website"), max_length=300, required=False, assume_scheme="https")
    country = forms.ChoiceField(label=_("Country"), required=False)
    countries = forms.MultipleChoiceField(
        label=_("Countries served"), required=False, widget=forms.CheckboxSelectMultiple
    )
    tier: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Tier"), queryset=None, required=False, empty_label="—"
    )
    distributor: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Distributor"),
        queryset=None,
        required=False,
        empty_label="—",
        help_text=_("Whose reseller it is. The distributor's View All Leads reads its leads and deals, too."),
    )
    partner_managers: "forms.ModelMultipleChoiceField[Any]" = forms.ModelMultipleChoiceField(
        label=_("Partner managers"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Organization
        fields = ["name", "kind", "status", "website", "street", "city", "state", "postal_code", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}

    field_order = [
        "name",
        "kind",
        "status",
        "tier",
        "distributor",
        "partner_managers",
        "website",
        "street",
        "postal_code",
        "city",
        "state",
        "country",
        "countries",
        "notes",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organization = self.instance if self.instance.name else None
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]
        self.fields["countries"].choices = country_choices()[1:]  # type: ignore[attr-defined]
        self.fields["tier"].queryset = Tier.objects.all()  # type: ignore[attr-defined]
        others = Organization.objects.filter(kind=Organization.Kind.DISTRIBUTOR).exclude(pk=self.instance.pk)
        self.fields["distributor"].queryset = others  # type: ignore[attr-defined]
        self.fields["partner_managers"].queryset = _managers()  # type: ignore[attr-defined]
        if organization is None:
            kinds = [c for c in Organization.Kind.choices if c[0] != Organization.Kind.VENDOR]
            self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
            return
        del self.fields["kind"]
        self.initial = {
            **self.initial,
            "country": organization.country,
            "countries": organization.countries,
            "tier": organization.tier_id,
            "distributor": organization.distributor_id,
            "partner_managers": [m.membership_id for m in organization.partner_managers.all()],
        }
        if organization.is_vendor:
            for field in ("status", "tier", "distributor", "partner_managers"):
                del self.fields[field]
        self.remember(organization.version)


class TierForm(forms.Form):
    """The tier of many organizations; left empty, they have none."""

    tier: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Tier"), queryset=None, required=False, empty_label=_("No tier")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.all()  # type: ignore[attr-defined]


class ManagersForm(forms.Form):
    """Who looks after many organizations."""

    managers: "forms.ModelMultipleChoiceField[Any]" = forms.ModelMultipleChoiceField(
        label=_("Partner managers"),
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["managers"].queryset = _managers()  # type: ignore[attr-defined]


def _managers() -> Any:
    """Who may look after an organization."""
    return Membership.objects.filter(organization__kind=Organization.Kind.VENDOR, status=Membership.Status.ACTIVE)


class PortalForm(forms.ModelForm):
    """Settings > Portal. `cleaned_data["logo"]` is a PNG of our own making, or None."""

    hue = forms.IntegerField(
        label=_("Hue of the greys"),
        help_text=_("0 to 360, as on a colour wheel: 30 is orange, 140 green, 250 blue."),
        validators=[MinValueValidator(0), MaxValueValidator(360)],
        widget=forms.NumberInput(attrs={"min": 0, "max": 360}),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG, WebP or GIF, 1 MB at most; a square one fits best."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    without_logo = forms.BooleanField(label=_("Show the first letter of the name instead"), required=False)

    class Meta:
        model = Portal
        fields = ["name", "brand", "hue"]
        widgets = {"brand": forms.TextInput(attrs={"type": "color"})}

    def clean_logo(self) -> bytes | None:
        upload: UploadedFile | None = self.cleaned_data["logo"]
        if upload is None:
            return None
        check_size(upload.size or 0)  # a larger one was not kept whole
        return as_png(upload.read())
