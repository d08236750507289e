"""Verbs about files."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from prm.actions import Refused
from prm.events.record import Actor
from prm.files import store
from prm.files.models import EXTENSIONS, StoredFile
from prm.organizations.context import active_portal_id
from prm.organizations.models import Organization


@dataclass(frozen=True)
class Written:
    """Bytes that lie in the store, and are nobody's yet."""

    place: str
    size: int
    sha256: str


@transaction.atomic
def keep_file(
    content: bytes | IO[bytes],
    *,
    purpose: StoredFile.Purpose,
    organization: Organization,
    content_type: str,
    by: Actor,
) -> StoredFile:
    """Store content that has been looked at (`as_png`, `look_at`). Raises NotStored when the disk will not.

    Should the caller's transaction fail afterwards, the bytes stay behind under a name that no row knows.
    """
    stream = BytesIO(content) if isinstance(content, bytes) else content
    digest = digest_of(stream)
    place = store.new_place(active_portal_id())
    store.write(place, stream)
    written = Written(place, size=stream.seek(0, 2), sha256=digest)
    return note_file(written, purpose=purpose, organization=organization, content_type=content_type, by=by)


def digest_of(content: IO[bytes]) -> str:
    """SHA-256 of the whole of it."""
    content.seek(0)
    return hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]


def check_room(size: int) -> None:
    """Raises Refused where the portal has no room for so many bytes. What comes in the same moment counts late."""
    used = StoredFile.objects.aggregate(used=Sum("size"))["used"] or 0
    if used + size > settings.PRM_PORTAL_STORAGE:
        words = {"most": filesizeformat(settings.PRM_PORTAL_STORAGE), "size": filesizeformat(size)}
        raise Refused(_("This portal keeps %(most)s of files, and there is no room left for %(size)s.") % words)


@transaction.atomic
def note_file(
    written: Written, *, purpose: StoredFile.Purpose, organization: Organization, content_type: str, by: Actor
) -> StoredFile:
    """Make a stored file of what has been written into the store outside of this transaction."""
    assert content_type in EXTENSIONS, content_type
    return StoredFile.objects.create(
        purpose=purpose,
        organization=organization,
        uploaded_by=by,
        stored_as=written.place,
        content_type=content_type,
        size=written.size,
        sha256=written.sha256,
    )


@transaction.atomic
def remove_file(file: StoredFile) -> None:
    """Forget a file; its bytes go once that is certain."""
    place = file.stored_as
    file.delete()
    transaction.on_commit(lambda: store.remove(place))
