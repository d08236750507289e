"""Verbs over many leads: each page says what will happen to how many, and once more asked, the run begins."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from leads.bulk import ASSIGN, LOSE, MANAGES, RECALL
from leads.forms import AssignForm, CloseForm
from leads.models import Lead
from leads.receiving import places
from leads.settings import distribution
from leads.states import HELD, OPEN
from prm.runs.actions import start_run
from prm.runs.choosing import Choice, choice_of
from prm.runs.kinds import Kind
from prm.serving.paging import search_text
from prm.users.access import PageRequest, member_page
from prm.users.models import Membership


@member_page(*MANAGES)
@require_POST
def assign_many(request: PageRequest) -> HttpResponse:
    member, choice = request.membership, choice_of(request, "leads")
    form = AssignForm(request.POST if choice.is_agreed else None, by=member)
    if choice.is_agreed and form.is_valid():
        to = form.receiver
        words = ngettext("Assign %(count)d lead to %(to)s", "Assign %(count)d leads to %(to)s", choice.count)
        parameters = {"user" if isinstance(to, Membership) else "organization": str(to.pk)}
        return _start(request, ASSIGN, choice, words % {"count": choice.count, "to": to}, parameters)
    search = search_text(request.POST)
    allowed = distribution().allow_organization_assignment
    context = {
        "form": form,
        "fitting": _fitting(choice, member, OPEN),
        "organizations": places(by=member, search=search, allowed=allowed),
        "search": search,
        "allow_organizations": allowed,
    }
    return _ask(request, "leads/assign_many.html", choice, context)


@member_page(*MANAGES)
@require_POST
def recall_many(request: PageRequest) -> HttpResponse:
    choice = choice_of(request, "leads")
    if choice.is_agreed:
        words = ngettext("Recall %(count)d lead", "Recall %(count)d leads", choice.count)
        return _start(request, RECALL, choice, words % {"count": choice.count}, {})
    return _ask(request, "leads/recall_many.html", choice, {"fitting": _fitting(choice, request.membership, HELD)})


@member_page(*MANAGES)
@require_POST
def lose_many(request: PageRequest) -> HttpResponse:
    choice = choice_of(request, "leads")
    sent = {**request.POST.dict(), "outcome": CloseForm.LOST}
    form = CloseForm(sent if choice.is_agreed else None, can_win=False)
    if choice.is_agreed and form.is_valid():
        words = ngettext("Close %(count)d lead as lost", "Close %(count)d leads as lost", choice.count)
        parameters = {"reason": str(form.cleaned_data["reason"].pk)}
        return _start(request, LOSE, choice, words % {"count": choice.count}, parameters)
    context = {"form": form, "fitting": _fitting(choice, request.membership, OPEN)}
    return _ask(request, "leads/lose_many.html", choice, context)


def _fitting(choice: Choice, member: Membership, statuses: frozenset[Any]) -> int:
    """How many of them are in a state for it now; each is asked again when it is done."""
    return Lead.objects.visible_to(member).filter(pk__in=choice.ids, status__in=statuses).count()


def _ask(request: PageRequest, template: str, choice: Choice, context: dict[str, Any]) -> HttpResponse:
    form = context.get("form")
    is_wrong = choice.has_changed or (form is not None and form.is_bound)
    return render(request, template, {"choice": choice, **context}, status=422 if is_wrong else 200)


def _start(
    request: PageRequest, kind: Kind, choice: Choice, title: str, parameters: dict[str, str]
) -> HttpResponse:
    run = start_run(
        kind,
        by=request.membership,
        token=choice.token,
        title=title,
        listing=choice.name,
        query=choice.query.urlencode(),
        chosen=choice.ids,
        total=choice.count,
        parameters=parameters,
    )
    return redirect("runs:detail", run.pk)
