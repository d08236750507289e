"""Who calls the API: a key's member, or the member of this portal's session."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from prm.organizations.kept import Kept
from prm.serving.headers import is_plain
from prm.users.models import ApiKey, ApiKeyQuerySet, User

if TYPE_CHECKING:
    from rest_framework.views import APIView

NOTED_AT_MOST_EVERY = timedelta(minutes=1)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`. The key acts as its member, with the member's rights of this moment."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        http: HttpRequest = request._request
        now = timezone.now()
        key = _find_key(secret.strip(), now) if http.portal is not None else None  # type: ignore[attr-defined]
        if key is None:
            raise exceptions.AuthenticationFailed(
                "This key is not known, has expired, or was revoked.", code="key_revoked"
            )
        member = key.membership
        http.membership, http.key = member, key  # type: ignore[attr-defined]
        if key.last_used_at is None or now - key.last_used_at > NOTED_AT_MOST_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return member.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _keys(digest: str, now: datetime) -> ApiKeyQuerySet:
    return ApiKey.objects.with_caller().good(now).filter(digest=digest).order_by()[:1]


KEY = Kept(_keys, digest="(the key's)", now=datetime.min.replace(tzinfo=UTC))


def _find_key(secret: str, now: datetime) -> ApiKey | None:
    """The key, with its member and what that one holds, when both are good today."""
    if not secret or not is_plain(secret):
        return None
    key = KEY.first(digest=ApiKey.digest_of(secret), now=now)
    if key is not None:
        key.membership.held = key.held
    return key


class PortalSession(BaseAuthentication):
    """The signed-in member, with Django's CSRF check on everything that writes."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        member = request._request.membership  # type: ignore[attr-defined]
        if member is None:
            return None
        check = CSRFCheck(lambda http: None)  # type: ignore[arg-type]
        check.process_request(request._request)
        if reason := check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
            raise exceptions.PermissionDenied(f"CSRF check failed: {reason}")
        return member.user, None


class IsMember(BasePermission):
    """Members only; a key with read scope reads only."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request._request.membership is None:  # type: ignore[attr-defined]
            raise exceptions.NotAuthenticated
        key = request.auth if isinstance(request.auth, ApiKey) else None
        if key and key.scope != ApiKey.Scope.WRITE and request.method not in SAFE_METHODS:
            raise exceptions.PermissionDenied("This key may only read.", code="insufficient_scope")
        return True
