"""Seeing the portal as somebody else: the form that asks why, and the way back."""

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from prm.actions import Refused
from prm.serving.typed import form_of
from prm.users.access import PageRequest, Permission, member_page
from prm.users.forms import ViewingForm
from prm.users.seeing import enter_viewing, leave_viewing
from prm.users.viewing import begin_viewing, why_cannot_view
from prm.users.views.people import manageable


@member_page(Permission.MANAGE_PORTAL)
def view_as(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """See the portal as this person does, after saying why."""
    member = manageable(request, pk)
    if why := why_cannot_view(member, by=request.membership):
        raise Refused(why)
    form = form_of(request, ViewingForm)
    if request.method == "POST" and form.is_valid():
        enter_viewing(request, begin_viewing(member, **form.cleaned_data, by=request.membership))
        return redirect("home")
    context = {"form": form, "member": member}
    return render(request, "users/view_as.html", context, status=422 if form.is_bound else 200)


@member_page()
@require_POST
def viewing_end(request: PageRequest) -> HttpResponse:
    viewing = leave_viewing(request)
    return redirect("users:edit", viewing.viewed_id) if viewing else redirect("home")
