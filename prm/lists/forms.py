"""The form of a saved view: its name, who else sees it, and whether the list begins with it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prm.lists.models import SavedView
from prm.users.models import Group, Membership


class ViewForm(forms.ModelForm):
    shared_with: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Share with"),
        queryset=None,
        required=False,
        empty_label=_("Nobody, it is mine"),
        help_text=_("Your colleagues in this group see it too."),
    )
    is_default = forms.BooleanField(label=_("Begin with this view"), required=False)

    class Meta:
        model = SavedView
        fields = ["name", "shared_with"]

    def __init__(self, *args: Any, by: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = Group.objects.filter(pk__in=[group.pk for group in by.groups.all()])
        self.fields["shared_with"].queryset = groups  # type: ignore[attr-defined]
