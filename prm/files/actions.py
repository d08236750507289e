"""Verbs about files."""

import hashlib

from django.db import transaction

from prm.events.record import Actor
from prm.files import store
from prm.files.models import EXTENSIONS, StoredFile
from prm.organizations.context import active_portal_id
from prm.organizations.models import Organization


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
    assert content_type in EXTENSIONS, content_type
    place = store.new_place(active_portal_id())
    store.write(place, content)
    return StoredFile.objects.create(
        purpose=purpose,
        organization=organization,
        uploaded_by=by,
        stored_as=place,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


@transaction.atomic
def remove_file(file: StoredFile) -> None:
    """Forget a file; its bytes go once that is certain."""
    place = file.stored_as
    file.delete()
    transaction.on_commit(lambda: store.remove(place))
