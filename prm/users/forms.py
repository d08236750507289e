"""Forms about people."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.forms import RecordForm
from prm.organizations.models import Organization
from prm.text import LineField
from prm.users.models import Group, Membership, SecurityPolicy
from prm.users.viewing import MINUTES, SHORTEST_REASON


def time_zone_choices() -> list[tuple[str, str]]:
    """Every zone by its place, "Europe/Berlin"; those without a place are for machines."""
    return [
        ("UTC", "UTC"),
        *((zone, zone.replace("_", " ")) for zone in sorted(available_timezones()) if "/" in zone),
    ]


class ProfileForm(RecordForm):
    """What a person may change about oneself in this portal."""

    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=time_zone_choices)

    class Meta:
        model = Membership
        fields = ["name", "phone", "language", "time_zone", "has_keys"]
        help_texts = {
            "has_keys": gettext_lazy(
                "/ searches, ? helps, j and k walk through lists. Without them a key pressed by mistake, or a word"
                " that is spoken, sets nothing off."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remember(self.instance.version)


class GroupsField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=None, required=False, label=gettext_lazy("Groups"), **kwargs)


class MemberForm(ProfileForm):
    """The profile and the groups, for whoever manages the person. How somebody types is nobody else's matter."""

    groups = GroupsField(help_text=gettext_lazy("The permissions of all groups add up."))

    class Meta(ProfileForm.Meta):
        fields = ["name", "phone", "language", "time_zone"]

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.instance.organization.kind
        self.fields["groups"].queryset = Group.objects.grantable_by(by, kind)  # type: ignore[attr-defined]
        self.initial["groups"] = [group.pk for group in self.instance.groups.all()]
        self.remember(self.instance.version)


class ViewingForm(forms.Form):
    """Why, and for how long, somebody wants to see the portal as another person does."""

    reason = LineField(
        label=gettext_lazy("Reason"),
        min_length=SHORTEST_REASON,
        max_length=300,
        help_text=gettext_lazy("They read it, in their profile."),
    )
    lasting = forms.TypedChoiceField(
        label=gettext_lazy("For"),
        choices=[
            (15, gettext_lazy("15 minutes")),
            (30, gettext_lazy("30 minutes")),
            (60, gettext_lazy("60 minutes")),
        ],
        initial=MINUTES,
        coerce=lambda minutes: timedelta(minutes=int(minutes)),
    )


class InviteForm(forms.Form):
    name = LineField(label=gettext_lazy("Name"), max_length=120)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    groups = GroupsField(help_text=gettext_lazy("What the person may do. The permissions of all groups add up."))

    def __init__(self, *args: Any, organization: Organization, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].queryset = Group.objects.grantable_by(by, organization.kind)  # type: ignore[attr-defined]


class AcceptForm(forms.Form):
    """A new account chooses its password; a known one proves itself with the one it has."""

    name = LineField(
        label=gettext_lazy("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(label=gettext_lazy("Password"), max_length=128, strip=False)

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member, self.is_known = member, member.user.has_usable_password()
        self.initial.setdefault("name", member.name)
        password = self.fields["password"]
        kind = "current-password" if self.is_known else "new-password"
        password.widget = forms.PasswordInput(attrs={"autocomplete": kind})
        password.help_text = (
            _("The password you already use with %(email)s.") % {"email": member.user.email}
            if self.is_known
            else _("At least 12 characters. A few words in a row are easy to keep in mind.")
        )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.is_known:  # whether a known account's is right, sign-in says, which counts the tries
            validate_password(password, self.member.user)
        return password


class SecurityForm(forms.ModelForm):
    """Settings > Security."""

    class Meta:
        model = SecurityPolicy
        fields = ["require_second_factor", "idle_minutes", "absolute_hours"]
