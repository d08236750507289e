"""The file of a finished export: whose it is, for how long, and what it is called."""

from django.http import Http404, HttpResponseBase
from django.utils import timezone

from prm.files.models import EXTENSIONS, StoredFile
from prm.files.views import as_attachment
from prm.runs.kinds import KINDS, may, rights_of
from prm.runs.models import Run
from prm.users.models import Membership


def file_of(run: Run, member: Membership) -> StoredFile | None:
    """The run's file while its day lasts, if this member may still have it. Owner and purpose are asked, too."""
    if run.file is None or run.file_until is None or run.file_until < timezone.now():
        return None
    if not may(member, KINDS[run.kind]) or not set(run.rights) <= set(rights_of(member)):
        return None
    files = StoredFile.objects.visible_to(member).filter(purpose=StoredFile.Purpose.EXPORT)
    return files.select_related("portal").filter(pk=run.file.pk).first()


def download(run: Run, member: Membership) -> HttpResponseBase:
    """The file, for whoever asked for it and still has all the rights of then. Raises Http404 for all others."""
    file = file_of(run, member)
    if file is None:
        raise Http404
    day = timezone.localdate(run.created_at)
    return as_attachment(file, name=f"{run.listing}-{day.isoformat()}.{EXTENSIONS[file.content_type]}")
