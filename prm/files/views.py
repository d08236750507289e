"""The doors to stored files, one for each purpose: portal, owner and purpose are asked for every time."""

import uuid

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header

from prm.files import store
from prm.files.models import StoredFile
from prm.users.access import PageRequest, Permission, member_page

SANDBOX = "default-src 'none'; sandbox"
"""The policy of what strangers have made, should a browser ever show it as a page."""


@member_page(Permission.MANAGE_PORTAL)
def logo(request: PageRequest, pk: uuid.UUID) -> HttpResponseBase:
    files = StoredFile.objects.visible_to(request.membership).filter(purpose=StoredFile.Purpose.LOGO)
    return as_attachment(get_object_or_404(files.select_related("portal"), pk=pk))


def as_attachment(file: StoredFile, *, name: str = "") -> HttpResponseBase:
    """To be saved, never shown, under a name of our own (RFC 6266). A bit at a time: a file may be large."""
    try:
        response = FileResponse(store.opened(file.stored_as), content_type=file.content_type)
    except FileNotFoundError as error:
        raise Http404 from error
    name = " ".join((name or str(file)).split())  # a line end in a portal's name would end the header
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Security-Policy"] = SANDBOX
    return response


def answer_with(file: StoredFile) -> HttpResponse:
    """The content, as the kind it was found to be. 404 when the store has lost it."""
    try:
        content = store.read(file.stored_as)
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=file.content_type)
    response["Content-Security-Policy"] = SANDBOX
    return response
