"""Where the bytes lie: PRM_FILES_DIR, outside of everything that is served, shared by web and workers.

Through Django's storage interface, so that STORAGES may name another place.
"""

import contextlib
import os
import secrets
import tempfile
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils.translation import gettext as _

from prm.actions import Refused


class NotStored(Refused):
    """The disk did not take it: full, gone, or closed to us. Nothing of the file is left behind."""

    code = "not_stored"
    status = 507

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message or _("The file could not be stored; nothing was changed. Please tell whoever runs this portal.")
        )


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


def write(place: str, content: bytes | IO[bytes]) -> None:
    """Put a new file there, whole or not at all. Raises NotStored."""
    try:
        default_storage.save(place, ContentFile(content) if isinstance(content, bytes) else File(content))
    except OSError as error:
        with contextlib.suppress(OSError):
            default_storage.delete(f"{place}.part")
        raise NotStored from error


def scratch() -> IO[bytes]:
    """A file on the store's disk that has no name and is gone once it is closed, whatever becomes of us."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder())


def read(place: str) -> bytes:
    """The content. Raises FileNotFoundError when the store has lost it."""
    with opened(place) as file:
        content: bytes = file.read()
    return content


def opened(place: str) -> File:
    """The file, to be read a bit at a time and closed. Raises FileNotFoundError when the store has lost it."""
    return default_storage.open(place, "rb")


def remove(place: str) -> None:
    """Forget it; what is gone already is no error."""
    default_storage.delete(place)


def remove_beginning(beginning: str, *, but: Collection[str] = ()) -> None:
    """Forget every file whose place begins so, apart from those that are named."""
    folder, _, start = beginning.rpartition("/")
    try:
        _folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for place in (f"{folder}/{name}" for name in names if name.startswith(start)):
        if place not in but:
            remove(place)


def folder() -> Path:
    """The store as a folder, for backups and for the removal of a portal."""
    return Path(default_storage.path(""))
