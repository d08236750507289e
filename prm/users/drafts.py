"""Nothing typed is lost to a session that ran out. docs/adr/0008 says why it is done this way.

Each form that people type into carries a stamp: who was shown it, and on which page. When it arrives
without that person's session, its fields are kept for the author of the stamp, and shown in the same
form after sign-in. Nothing else is done with them.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.core import signing
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode

from prm.serving.headers import is_plain
from prm.users.models import Draft, Membership

STAMP, DRAFT = "typed_by", "draft"
"""The fields of a form, and of the address it comes back at, that say whose it is and which draft."""
GOOD_FOR = timedelta(days=14)
MOST = 10  # per person; the oldest make room
LARGEST = 200_000  # characters
_FRAME = frozenset({STAMP, DRAFT, "csrfmiddlewaretoken"})
_SECRET = re.compile(r"passw|secret|token|\botp\b", re.IGNORECASE)
_signer = signing.Signer(salt="prm.users.drafts")


@dataclass(frozen=True)
class Stamp:
    """Who was shown a form, and on which page it stands."""

    author: uuid.UUID
    page: str


def stamp_for(member: Membership, page: str) -> str:
    """The same all day, so that a page that did not change stays the same to the byte."""
    return _signer.sign_object([str(member.pk), page, timezone.now().date().isoformat()])


def read_stamp(text: str) -> Stamp | None:
    """What a stamp says, if it is one of ours and not too old."""
    try:
        author, page, day = _signer.unsign_object(text)
    except signing.BadSignature:
        return None
    is_old = timezone.now().date() - date.fromisoformat(day) > GOOD_FOR
    return None if is_old else Stamp(uuid.UUID(author), page)


@transaction.atomic
def keep_draft(sent: QueryDict, *, action: str) -> str:
    """Keep what was sent to `action` for its author; the address at which it comes back, or '' where none is.

    No file is kept, and nothing that is called a password.
    """
    stamp = read_stamp(sent.get(STAMP, ""))
    author = Membership.objects.signed_up().filter(pk=stamp.author).first() if stamp else None
    if stamp is None or author is None:
        return ""
    forget_old_drafts()
    fields = {
        name: [value for value in map(str, values) if is_plain(value)]
        for name, values in sent.lists()
        if name not in _FRAME and not _SECRET.search(name) and is_plain(name)
    }
    if sum(len(value) for values in fields.values() for value in values) > LARGEST:
        return ""
    draft = Draft.objects.create(membership=author, action=action[:200], fields=fields)
    newest = Draft.objects.filter(membership=author).order_by("-kept_at", "-pk").values("pk")[:MOST]
    Draft.objects.filter(membership=author).exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()
    return f"{stamp.page}?{urlencode({DRAFT: str(draft.pk)})}"


def find_draft(parameters: Mapping[str, str], *, member: Membership) -> Draft | None:
    """The draft that an address or a form names, if it is this member's."""
    try:
        pk = uuid.UUID(parameters.get(DRAFT, ""))
    except ValueError:
        return None
    found: Draft | None = Draft.objects.visible_to(member).filter(pk=pk).first()
    return found


def forget_old_drafts() -> None:
    """Of the active portal, whosever they are."""
    Draft.objects.filter(kept_at__lte=timezone.now() - Draft.LIFETIME).delete()
