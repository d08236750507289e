"""How a person hears of things by e-mail: the choices, and the link that declines."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from prm.events import actions
from prm.events.forms import NotificationForm
from prm.events.models import Event, NotificationChoice
from prm.events.unsubscribing import declined, read
from prm.users.access import PageRequest, member_page, public_page


@member_page()
def notifications(request: PageRequest) -> HttpResponse:
    member = request.membership
    choice = NotificationChoice.objects.filter(membership=member).first() or NotificationChoice(membership=member)
    form = NotificationForm(request.POST or None, choice=choice)
    if request.method == "POST" and form.is_valid():
        actions.choose_notifications(
            member,
            by_kind=form.by_kind,
            quiet_from=form.cleaned_data["quiet_from"],
            quiet_until=form.cleaned_data["quiet_until"],
            by=member,
        )
        messages.success(request, _("Saved."))
        return redirect("events:notifications")
    return render(request, "events/notifications.html", {"form": form}, status=422 if form.is_bound else 200)


@public_page("the link in a mail; its token is for one person and can only stop mails")
@csrf_exempt  # mail programs post it by themselves (RFC 8058); the token is the proof
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    if request.portal is None:  # type: ignore[attr-defined]
        raise Http404
    found = read(token)
    if found is None:
        raise Http404
    member, kind = found
    if request.method == "POST":
        actions.unsubscribe(member, kind=kind)
    choice = NotificationChoice.objects.filter(membership=member).first()
    context = {
        "kind": Event.Kind(kind).label if kind else "",
        "email": member.email,
        "is_done": choice is not None and declined(choice, kind),
    }
    return render(request, "events/unsubscribe.html", context)
