"""The two forms of a provider, one per protocol."""

import re
import textwrap
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.serving.outbound import Unreachable, checked_url
from prm.sso.models import IdentityProvider
from prm.sso.saml import certificates_in

DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
MOST_CERTIFICATES = 2
SMALLEST_RSA = 2048


def check_address(value: str) -> None:
    """An address that we, or people's browsers, would go to."""
    try:
        checked_url(value)
    except Unreachable as error:
        raise forms.ValidationError(str(error)) from error


class DomainsField(forms.CharField):
    """Host names with commas or spaces between; a list when cleaned."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        found = [part.lstrip("@").lower() for part in re.split(r"[\s,;]+", value or "") if part]
        for domain in found:
            if not DOMAIN.fullmatch(domain) or len(domain) > 253:
                raise forms.ValidationError(_("%(domain)s is no domain.") % {"domain": domain})
        return sorted(set(found))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class OpenIdForm(forms.ModelForm):
    """OpenID Connect: all else stands in the provider's own discovery document."""

    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        max_length=500,
        validators=[check_address],
        widget=forms.URLInput(attrs={"placeholder": "https://login.example.com"}),
        help_text=gettext_lazy("The provider's address, exactly as it calls itself."),
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Kept encrypted and never shown again. Leave empty to keep it."),
    )
    domains = DomainsField(
        label=gettext_lazy("E-mail domains"),
        required=False,
        help_text=gettext_lazy(
            "Only people with these addresses are recognized at their first sign-in. Needed for a provider that"
            " does not say whether it has verified an address, such as Entra ID."
        ),
    )

    class Meta:
        model = IdentityProvider
        fields = ["name", "issuer", "client_id", "domains"]

    field_order = ["name", "issuer", "client_id", "client_secret", "domains"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client_id"].required = True

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    @property
    def secret(self) -> str:
        return str(self.cleaned_data["client_secret"])


class SamlForm(forms.ModelForm):
    issuer = forms.CharField(
        label=gettext_lazy("Entity ID"),
        max_length=500,
        help_text=gettext_lazy("The provider's name for itself; often an address."),
    )
    sso_url = forms.CharField(
        label=gettext_lazy("Sign-in address"),
        max_length=500,
        validators=[check_address],
        widget=forms.URLInput,
        help_text=gettext_lazy("Where people are sent to (HTTP-Redirect binding)."),
    )
    certificates = forms.CharField(
        label=gettext_lazy("Signing certificate"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "code"}),
        max_length=20_000,
        help_text=gettext_lazy("PEM. Two, one after the other, while a new one replaces the old."),
    )
    domains = DomainsField(
        label=gettext_lazy("E-mail domains"),
        help_text=gettext_lazy("Only people with these addresses are recognized at their first sign-in."),
    )

    class Meta:
        model = IdentityProvider
        fields = ["name", "issuer", "sso_url", "certificates", "domains", "email_attribute", "subject_attribute"]
        help_texts = {
            "email_attribute": gettext_lazy("Empty: the usual names are tried."),
            "subject_attribute": gettext_lazy(
                "What stays the same for a person for ever. Empty: the NameID, which must not be transient."
            ),
        }

    secret = ""

    @property
    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def clean_certificates(self) -> str:
        text: str = self.cleaned_data["certificates"].strip()
        found = certificates_in(text)
        if len(found) > MOST_CERTIFICATES:
            raise forms.ValidationError(_("Two certificates at most."))
        bodies = []
        for body in found:
            _check_certificate(body)
            lines = "\n".join(textwrap.wrap(body, 64))
            bodies.append(f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----")
        return "\n".join(bodies)


def read_certificate(body: str) -> x509.Certificate:
    """Raises ValueError."""
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return x509.load_pem_x509_certificate(pem.encode())


def _check_certificate(body: str) -> None:
    try:
        certificate = read_certificate(body)
        key = certificate.public_key()
    except ValueError as error:
        raise forms.ValidationError(_("This is no certificate in PEM form.")) from error
    if certificate.not_valid_after_utc < timezone.now():
        raise forms.ValidationError(_("This certificate has run out."))
    is_strong = isinstance(key, ec.EllipticCurvePublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA
    )
    if not is_strong:
        raise forms.ValidationError(_("The certificate's key is too weak: RSA of 2048 bits, or an elliptic curve."))
