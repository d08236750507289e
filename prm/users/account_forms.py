"""Forms about one's own account. Each guess at a password is counted, wherever it is made."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, ResetPasswordForm
from allauth.core import context
from django import forms
from django.utils.translation import gettext_lazy as _

from prm.users.guesses import strangers
from prm.users.models import User


class PasswordChangeForm(ChangePasswordForm):
    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class ResetForm(ResetPasswordForm):
    """Each asking counts, for an address of mail and for the sender: nobody's mailbox is filled by this form."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        asked = strangers(context.request, "reset", email.strip().lower())
        asked.check(context.request)
        asked.add()
        return email


class EmailForm(forms.Form):
    """The address one wants to be known by from now on."""

    email = forms.EmailField(
        label=_("New e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: object, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if email == self.user.email:
            raise forms.ValidationError(_("This is your address already."))
        return email
