"""The files of a lead: handed in, saved, removed."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRefresh

from leads import actions, states
from leads.files import files_section
from leads.forms import FilesForm
from leads.models import Lead, LeadFile
from leads.settings import distribution
from leads.states import Verb
from leads.views.record import seen_lead, verbs_of
from prm.actions import Refused
from prm.files.store import NotStored
from prm.files.uploads import takes_files
from prm.files.views import as_attachment
from prm.users.access import SEES_LEADS, PageRequest, member_page


@member_page(*SEES_LEADS)
@takes_files
def lead_files(request: PageRequest, code: int) -> HttpResponse:
    """POST adds what is good and says what is not. GET leads to where the files stand."""
    member = request.membership
    lead = seen_lead(member, code)
    if request.method != "POST":
        return redirect(_address(lead))
    states.check(Verb.ADD_FILE, lead, side=lead.side_of(member), closing_mode=distribution().closing_mode)
    form = FilesForm(request.POST, request.FILES, by=member)
    count, status = _add(request, lead, form)
    if count:
        words = ngettext("%(count)s file is on the lead now.", "%(count)s files are on the lead now.", count)
        messages.success(request, words % {"count": count})
    is_part = bool(request.headers.get("HX-Request"))
    if form.is_valid():
        return HttpResponseClientRefresh() if is_part else redirect(_address(lead))
    context = {"lead": lead, **files_section(lead, member, verbs_of(lead, member)), "files_form": form}
    if is_part:
        return render(request, "leads/files.html", context)
    return render(request, "leads/lead_files.html", context, status=status)


def _add(request: PageRequest, lead: Lead, form: FilesForm) -> tuple[int, int]:
    """Each file by itself. How many were good, and the status for what was refused of the others."""
    form.is_valid()
    count = 0
    for file in form.cleaned_data.get("file", ()):
        is_internal = form.cleaned_data.get("is_internal", False)
        try:
            actions.add_file(lead, file, is_internal=is_internal, by=request.membership)
        except Refused as no:
            form.refuse(file.name, str(no), code=no.code)
        else:
            count += 1
    return count, NotStored.status if form.has_error("file", NotStored.code) else 422


@member_page(*SEES_LEADS)
def lead_file(request: PageRequest, code: int, pk: uuid.UUID) -> HttpResponseBase:
    """GET is the file, to be saved. POST removes it, sent by the form beside it."""
    lead = seen_lead(request.membership, code)
    rows = LeadFile.objects.visible_to(request.membership).filter(lead=lead)
    file = get_object_or_404(rows.select_related("file"), pk=pk)
    if request.method != "POST":
        return as_attachment(file.file, name=file.name)
    actions.remove_file_of_lead(file, by=request.membership)
    messages.success(request, _("%(name)s is removed.") % {"name": file.name})
    return redirect(_address(lead))


def _address(lead: Lead) -> str:
    return f"{reverse('leads:detail', args=[lead.code])}#files"
