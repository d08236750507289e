"""The one door to stored files."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header

from prm.files import store
from prm.files.models import StoredFile
from prm.users.access import PageRequest, Permission, member_page

SANDBOX = "default-src 'none'; sandbox"
"""The policy of what strangers have made, should a browser ever show it as a page."""


@member_page(Permission.MANAGE_PORTAL)
def download(request: PageRequest, purpose: str, pk: uuid.UUID) -> HttpResponse:
    """Asked anew each time: this portal, this owner, this purpose. Always an attachment."""
    files = StoredFile.objects.visible_to(request.membership).select_related("portal")
    return as_attachment(get_object_or_404(files, pk=pk, purpose=purpose))


def as_attachment(file: StoredFile) -> HttpResponse:
    response = answer_with(file)
    name = " ".join(str(file).split())  # a line end in a portal's name would end the header
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
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
