"""The deal registration form and its parts."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deals.actions import ACCOUNT_FIELDS, CONTACT_FIELDS, Registration, deal_from, first_stage, prospect_of
from deals.models import Account, Contact, Deal, DealLostReason, DealStage
from leads.models import Lead
from prm.forms import AmountField, RecordForm
from prm.world import country_choices, currency_choices


class DealForm(RecordForm):
    """Name, money, stage and date, or `only` some of it."""

    currency = forms.ChoiceField(label=_("Currency"))
    stage: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(label=_("Stage"), queryset=None, empty_label=None)
    field_order = ["name", "amount", "currency", "stage", "close_date", "next_step", "description"]

    class Meta:
        model = Deal
        fields = ["name", "amount", "currency", "close_date", "next_step", "description"]
        field_classes = {"amount": AmountField}
        widgets = {
            "close_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "description": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "close_date": _("When you expect the decision."),
            "next_step": _("What happens next, in a few words."),
        }

    def __init__(self, *args: Any, only: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = currency_choices()  # type: ignore[attr-defined]
        # Lost is no stage to choose: it needs a reason, and has a verb of its own.
        stages = DealStage.objects.filter(is_active=True).exclude(outcome=DealStage.Outcome.LOST)
        if not self.instance._state.adding:
            stages = stages | DealStage.objects.filter(pk=self.instance.stage_id)
            self.initial = {**self.initial, "stage": self.instance.stage_id}
        self.fields["stage"].queryset = stages  # type: ignore[attr-defined]
        if only:
            self.keep(only)
        if not self.instance._state.adding:
            self.remember(self.instance.version)


class AccountForm(forms.ModelForm):
    website = forms.URLField(label=_("Website"), max_length=300, required=False, assume_scheme="https")
    country = forms.ChoiceField(label=_("Country"), required=False)

    class Meta:
        model = Account
        fields = ACCOUNT_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()  # type: ignore[attr-defined]


class ContactForm(forms.ModelForm):
    class Meta:
        model = Contact
        fields = CONTACT_FIELDS


class RegistrationForm:
    """The three parts of a deal registration, prefilled from the lead, validated together."""

    def __init__(self, data: Any, *, lead: Lead) -> None:
        account, contact = prospect_of(lead)
        deal = {**deal_from(lead), "stage": first_stage().pk}
        self.account = AccountForm(data, prefix="account", initial=account)
        self.contact = ContactForm(data, prefix="contact", initial=contact)
        self.deal = DealForm(data, prefix="deal", initial=deal)
        self.is_bound = data is not None

    @property
    def fieldsets(self) -> list[dict[str, Any]]:
        """The parts in their order, for the template."""
        return [
            {"key": "account", "title": _("Account"), "form": self.account},
            {"key": "contact", "title": _("Contact"), "form": self.contact},
            {"key": "deal", "title": _("Deal"), "form": self.deal},
        ]

    @property
    def parts(self) -> list[forms.ModelForm]:
        return [self.account, self.contact, self.deal]

    def is_valid(self) -> bool:
        return all([part.is_valid() for part in self.parts])  # noqa: C419  (each says what is wrong with it)

    @property
    def registration(self) -> Registration:
        return Registration(
            deal=self.deal.values, account=self.account.cleaned_data, contact=self.contact.cleaned_data
        )


class StageForm(forms.ModelForm):
    class Meta:
        model = DealStage
        fields = ["name", "probability", "outcome"]


class VerbForm(forms.Form):
    """What a verb's button sends: the version that was read."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)


class MoveForm(VerbForm):
    stage: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(label=_("Stage"), queryset=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].queryset = DealStage.objects.all()  # type: ignore[attr-defined]


class MoveManyForm(forms.Form):
    """Where open deals are to stand: in an open stage, since each ends by being closed."""

    stage: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Stage"),
        queryset=None,
        empty_label="—",
        error_messages={"required": _("Choose one of the stages.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stages = DealStage.objects.filter(is_active=True, outcome=DealStage.Outcome.OPEN)
        self.fields["stage"].queryset = stages  # type: ignore[attr-defined]


class LoseForm(VerbForm):
    reason: "forms.ModelChoiceField[Any]" = forms.ModelChoiceField(
        label=_("Lost reason"),
        queryset=None,
        empty_label="—",
        error_messages={"required": _("Choose why it was lost.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = DealLostReason.objects.filter(is_active=True)  # type: ignore[attr-defined]
