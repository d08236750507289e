"""Who vouches for a portal's people, whom they know there, and which of their answers were looked at."""

import json

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.organizations.context import active_portal
from prm.organizations.fence import FencedModel, PortalForeignKey, SamePortal
from prm.serving.secrets import Unreadable, decrypt, encrypt
from prm.text import Line
from prm.users.models import Membership

MOST_PROVIDERS = 5


class IdentityProvider(FencedModel):
    """A vendor's own sign-in service. It vouches for people in this portal, and for nobody anywhere else."""

    class Protocol(models.TextChoices):
        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    name = Line(_("name"), max_length=60, help_text=_("Shown on the button of the sign-in page."))
    slug = models.SlugField(max_length=40, editable=False, db_index=False)
    protocol = models.CharField(max_length=4, choices=Protocol.choices, editable=False)
    issuer = models.CharField(max_length=500)  # OpenID Connect: the issuer; SAML: the entity id
    domains = ArrayField(
        models.CharField(max_length=253), verbose_name=_("e-mail domains"), default=list, blank=True
    )
    # OpenID Connect
    client_id = models.CharField(_("client ID"), max_length=255, blank=True)
    sealed_secret = models.TextField(blank=True, editable=False)
    endpoints = models.JSONField(default=dict, editable=False)  # of the discovery document
    endpoints_at = models.DateTimeField(null=True, editable=False)
    # SAML
    sso_url = models.URLField(_("sign-in address"), max_length=500, blank=True)
    certificates = models.TextField(_("certificates"), blank=True)
    email_attribute = models.CharField(_("e-mail attribute"), max_length=200, blank=True)
    subject_attribute = models.CharField(_("subject attribute"), max_length=200, blank=True)

    is_active = models.BooleanField(default=False, editable=False)
    tested_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(FencedModel.Meta):
        ordering = ["created_at", "id"]
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "slug"], name="sso_identityprovider_unique_slug"),
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(tested_at__isnull=False),
                name="sso_identityprovider_tested_before_use",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_saml(self) -> bool:
        return self.protocol == self.Protocol.SAML

    @property
    def secret(self) -> str:
        """The client secret, '' for a public client. Raises Unreadable, also for another row's."""
        if not self.sealed_secret:
            return ""
        place, text = json.loads(decrypt(self.sealed_secret))
        if place != self._place:
            raise Unreadable("Encrypted for another row.")
        return str(text)

    @secret.setter
    def secret(self, text: str) -> None:
        self.sealed_secret = encrypt(json.dumps([self._place, text])) if text else ""

    @property
    def _place(self) -> str:
        return f"{self.portal_id} {self.pk}"

    def url(self, page: str) -> str:
        """The absolute address of one of the provider's pages here: the one that is registered over there."""
        return active_portal().url(reverse(f"sso:{page}", args=[self.slug]))


class Identity(FencedModel):
    """A person of this portal as one provider knows them: by the provider's row and its word for the person.

    It names a membership and no account: what a provider says in one portal has no meaning in another.
    """

    provider = PortalForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="identities")
    subject = models.CharField(max_length=500)
    membership = PortalForeignKey(Membership, on_delete=models.CASCADE, related_name="identities")
    linked_at = models.DateTimeField(auto_now_add=True)

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("provider"),
            SamePortal("membership"),
            models.UniqueConstraint(fields=["portal", "provider", "subject"], name="sso_identity_one_person"),
            # An address that was given to somebody new over there does not lead to the one who had it before.
            models.UniqueConstraint(fields=["portal", "provider", "membership"], name="sso_identity_one_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} at {self.provider_id}"


class LookedAt(FencedModel):
    """A provider's answer that was looked at, good or not: none is looked at twice. Kept for a day."""

    provider = PortalForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)
    is_reuse_noted = models.BooleanField(default=False)

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            SamePortal("provider"),
            models.UniqueConstraint(fields=["portal", "provider", "digest"], name="sso_lookedat_once"),
        ]
        indexes = [models.Index(fields=["portal", "at"], name="sso_lookedat_at")]
