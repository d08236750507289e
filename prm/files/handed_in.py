"""A file as somebody hands it in, looked at: how large it is, what it is, what it may be called."""

from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from prm.files.kinds import Kind, kind_of, rejected
from prm.files.names import safe_name
from prm.files.store import NotStored


@dataclass(frozen=True)
class HandedIn:
    """A file that may be kept."""

    content: IO[bytes]
    name: str
    kind: Kind


def look_at(upload: UploadedFile) -> HandedIn:
    """Raises ValidationError, code `file_rejected`, in words for the sender; NotStored when the disk was full."""
    size, most = upload.size or 0, settings.PRM_LARGEST_FILE
    if size > most:
        words = {"size": filesizeformat(size), "most": filesizeformat(most)}
        raise rejected(_("This file has %(size)s; %(most)s is the most.") % words)
    if not getattr(upload, "is_whole", True):
        raise NotStored if getattr(upload, "is_lost", False) else rejected(_("There were too many files at once."))
    assert upload.file is not None
    kind = kind_of(upload.file, name=upload.name or "")
    return HandedIn(upload.file, safe_name(upload.name or "", kind), kind)
