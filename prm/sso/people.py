"""Who is it? A provider's word for somebody, and the person of this portal whom it stands for.

Thought through as a vendor's administrator who runs the provider: the answer is a membership of this
portal and never an account, so that the most it opens is the portal whose administrator vouches for it.
"""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from prm.events.models import Event
from prm.events.record import record
from prm.sso.claims import Claims, NotLetIn
from prm.sso.models import Identity, IdentityProvider
from prm.users.actions import accept_invitation
from prm.users.middleware import active_member
from prm.users.models import Membership


@transaction.atomic
def identify(provider: IdentityProvider, claims: Claims) -> Identity:
    """The person these claims are about, in again or for the first time. Raises NotLetIn.

    Known by the subject; at the first sign-in by the verified address of somebody who was invited or is
    a member. Signing in accepts a waiting invitation. Nobody is made.
    """
    known = Identity.objects.select_related("membership__user").filter(provider=provider, subject=claims.subject)
    identity: Identity | None = known.first()
    member = identity.membership if identity else _invited_or_member(provider, claims)
    if member.status == Membership.Status.INVITED:
        _accept(member)
    if active_member(member.user) is None:
        raise NotLetIn("disabled")
    return identity or link(provider, member, claims)


@transaction.atomic
def link(provider: IdentityProvider, member: Membership, claims: Claims) -> Identity:
    """Remember whom the provider means, and mail the person. Raises NotLetIn where it meant another before."""
    found: Identity | None = Identity.objects.filter(provider=provider, membership=member).first()
    if found is None:
        try:
            with transaction.atomic():
                found = Identity.objects.create(provider=provider, subject=claims.subject, membership=member)
        except IntegrityError:  # a second window, a moment ago
            found = Identity.objects.get(provider=provider, membership=member)
        else:
            record(Event.Kind.SSO_LINKED, member, by=None, facts={"provider": provider.name}, tell=[member])
    if found.subject != claims.subject:
        raise NotLetIn("other_subject")
    return found


def vouched_address(provider: IdentityProvider, claims: Claims) -> str:
    """The address, where the provider's word for it counts. Raises NotLetIn.

    It counts when the provider says that it has verified it, or, where it says nothing, when the address
    is of one of the domains that the administrator named. Domains that are named admit no others.
    """
    if not claims.email:
        raise NotLetIn("no_email")
    if claims.is_email_verified is False or (claims.is_email_verified is None and not provider.domains):
        raise NotLetIn("unverified")
    # Lower-casing turns some other letters into Latin ones: the Kelvin sign into a k.
    if not claims.email.isascii():
        raise NotLetIn("unknown")
    email = claims.email.strip().lower()
    if provider.domains and email.rpartition("@")[2] not in provider.domains:
        raise NotLetIn("domain")
    return email


def _invited_or_member(provider: IdentityProvider, claims: Claims) -> Membership:
    people = Membership.objects.select_related("user").filter(user__email=vouched_address(provider, claims))
    member: Membership | None = people.first()
    if member is None:
        raise NotLetIn("unknown")
    return member


def _accept(member: Membership) -> None:
    assert member.invited_at is not None
    if member.invited_at < timezone.now() - timedelta(days=settings.INVITATION_DAYS):
        raise NotLetIn("lapsed")
    accept_invitation(member, name=member.name, password=None)
    member.refresh_from_db()
