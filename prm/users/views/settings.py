"""Settings > Security: what the portal asks of whoever signs in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from prm.users.access import PageRequest, Permission, member_page
from prm.users.forms import SecurityForm
from prm.users.models import policy
from prm.users.security import change_policy


@member_page(Permission.MANAGE_PORTAL)
def security(request: PageRequest) -> HttpResponse:
    form = SecurityForm(request.POST or None, instance=policy())
    if request.method == "POST" and form.is_valid():
        change_policy(values=form.cleaned_data, by=request.membership)
        messages.success(request, _("Saved."))
        return redirect("users:security")
    return render(request, "users/security.html", {"form": form}, status=422 if form.is_bound else 200)
