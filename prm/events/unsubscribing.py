"""The link at the end of each mail that was not asked for: signed, for one person and one kind (RFC 8058)."""

from django.core import signing
from django.urls import reverse

from prm.events.models import NotificationChoice
from prm.events.notices import NOTICES
from prm.organizations.context import active_portal
from prm.users.models import Membership

SALT = "prm.events.unsubscribe"


def unsubscribe_url(member: Membership, kind: str) -> str:
    """Where `member` declines mails about `kind`, or about everything when it is ''."""
    portal = active_portal()
    token = f"{portal.code}.{signing.dumps([str(member.pk), kind], salt=SALT)}"
    return portal.url(reverse("events:unsubscribe", args=[token]))


def read(token: str) -> tuple[Membership, str] | None:
    """Whom and which kind a link is about; None when we did not make it, or for another portal.

    It never expires, as the mail in somebody's box does not; all it can do is to stop mails.
    """
    code, _, value = token.partition(".")
    if code != active_portal().code:
        return None
    try:
        pk, kind = signing.loads(value, salt=SALT)
    except signing.BadSignature:
        return None
    member = Membership.objects.filter(pk=pk).select_related("user", "organization").first()
    return (member, kind) if member and (not kind or kind in NOTICES) else None


def optional_kinds() -> list[str]:
    """The kinds about which people choose how to hear."""
    return [kind for kind, notice in NOTICES.items() if notice.is_optional]


def declined(choice: NotificationChoice, kind: str) -> bool:
    """Whether mails about `kind`, or about everything when it is '', are declined already."""
    kinds = [kind] if kind else optional_kinds()
    return all(choice.how(each) == NotificationChoice.How.NONE for each in kinds)
