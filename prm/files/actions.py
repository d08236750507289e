"""Verbs about files."""

import hashlib
from dataclasses import dataclass

from django.db import transaction

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
    content: bytes,
    *,
    purpose: StoredFile.Purpose,
    organization: Organization,
    content_type: str,
    by: Actor,
) -> StoredFile:
    """Store content that has been looked at (`pictures.as_png`). Raises NotStored when the disk will not.

    Should the caller's transaction fail afterwards, the bytes stay behind under a name that no row knows.
    """
    place = store.new_place(active_portal_id())
    store.write(place, content)
    written = Written(place, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    return note_file(written, purpose=purpose, organization=organization, content_type=content_type, by=by)


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
