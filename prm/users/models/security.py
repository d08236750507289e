"""What a portal asks of whoever signs in, the sessions that came of it, and the wrong guesses."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prm.organizations.fence import FencedModel
from prm.users.browsers import browser_in_words
from prm.users.models.people import User


def asks_second_factor() -> bool:
    """Where nobody has decided: yes in production, no where the demonstration's logins are printed."""
    asks: bool = settings.SECOND_FACTOR_BY_DEFAULT
    return asks


class SecurityPolicy(FencedModel):
    """Settings > Security: at most one row per portal. `policy()` knows the defaults where there is none."""

    require_second_factor = models.BooleanField(
        _("Administrators need a second factor"),
        default=asks_second_factor,
        help_text=_("Whoever manages this portal or configures leads sets one up before anything else."),
    )
    is_sso_only = models.BooleanField(
        _("Single sign-on only"),
        default=False,
        help_text=_("Closes every other way in: passwords, resets and invitations by mail."),
    )
    idle_minutes = models.PositiveSmallIntegerField(
        _("Minutes without a click"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(24 * 60)],
        help_text=_("After this long a session ends. 5 to 1,440."),
    )
    absolute_hours = models.PositiveSmallIntegerField(
        _("Hours altogether"),
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(7 * 24)],
        help_text=_("After this long everybody signs in again. 1 to 168."),
    )

    class Meta(FencedModel.Meta):
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal"], name="users_securitypolicy_one_per_portal"),
        ]

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def absolute(self) -> timedelta:
        return timedelta(hours=self.absolute_hours)

    def end_of(self, begun_at: datetime, seen_at: datetime) -> datetime:
        """When a session ends in which nobody does anything more."""
        return min(seen_at + self.idle, begun_at + self.absolute)


def policy() -> SecurityPolicy:
    """The active portal's, or the defaults, unsaved, until somebody changes them."""
    found: SecurityPolicy | None = SecurityPolicy.objects.first()
    return found or SecurityPolicy()


class Session(FencedModel):
    """A browser at one portal, signed in or on the way there. The key in its cookie is kept as a digest only."""

    digest = models.CharField(max_length=64)
    data = models.TextField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    address = models.CharField(max_length=45, blank=True)  # IPv4 or IPv6
    agent = models.CharField(max_length=300, blank=True)
    begun_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta(FencedModel.Meta):
        ordering = ["-seen_at", "-id"]
        constraints = [
            *FencedModel.Meta.constraints,
            models.UniqueConstraint(fields=["portal", "digest"], name="users_session_unique_digest"),
        ]
        indexes = [
            models.Index(fields=["portal", "user"], name="users_session_of_user"),
            models.Index(fields=["portal", "expires_at"], name="users_session_ending"),
        ]

    @property
    def browser(self) -> str:
        return browser_in_words(self.agent)

    @property
    def is_phone(self) -> bool:
        return "Mobile" in self.agent


class Guesses(models.Model):
    """Wrong passwords or codes for one account, from one address, or on one device, until a day of quiet.

    Shared, because an account is good in all portals; the key is an HMAC, so the table names nobody.
    """

    key = models.CharField(max_length=64, primary_key=True)
    wrong = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)
    free_at = models.DateTimeField(default=timezone.now)  # the next guess is not looked at before

    def __str__(self) -> str:
        return f"{self.wrong} wrong, free at {self.free_at:%Y-%m-%d %H:%M}"
