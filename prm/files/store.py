"""Where the bytes lie: PRM_FILES_DIR, outside of everything that is served, shared by web and workers.

Through Django's storage interface, so that STORAGES may name another place.
"""

import os
import secrets
import uuid
from pathlib import Path

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils.translation import gettext as _

from prm.actions import Refused


class NotStored(Refused):
    """The disk did not take it: full, gone, or closed to us. Nothing of the file is left behind."""


class WholeFiles(FileSystemStorage):
    """A file has its name only when all of it is on the disk: a crash or a full disk leaves no half one."""

    def _save(self, name: str, content: File) -> str:
        partial = Path(self.path(super()._save(f"{name}.part", content)))  # type: ignore[misc]
        try:
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            partial.rename(self.path(name))
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        return name


def new_place(portal_id: uuid.UUID) -> str:
    """A name of our own in the portal's own folder."""
    return f"{portal_id}/{secrets.token_hex(16)}"


def write(place: str, content: bytes) -> None:
    """Put a new file there, whole or not at all. Raises NotStored."""
    try:
        default_storage.save(place, ContentFile(content))
    except OSError as error:
        default_storage.delete(f"{place}.part")
        raise NotStored(
            _("The file could not be stored; nothing was changed. Please tell whoever runs this portal.")
        ) from error


def read(place: str) -> bytes:
    """The content. Raises FileNotFoundError when the store has lost it."""
    with default_storage.open(place, "rb") as file:
        content: bytes = file.read()
    return content


def remove(place: str) -> None:
    """Forget it; what is gone already is no error."""
    default_storage.delete(place)


def folder() -> Path:
    """The store as a folder, for backups and for the removal of a portal."""
    return Path(default_storage.path(""))
