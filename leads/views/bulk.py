"""Verbs over many leads: each page says what will happen to how many, and once more asked, the run begins."""

from django.http import HttpResponse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from leads.bulk import ASSIGN, LOSE, MANAGES, RECALL
from leads.forms import AssignForm, LoseManyForm
from leads.receiving import places
from leads.settings import distribution
from prm.runs.asking import ask, begin, many_page
from prm.runs.choosing import choice_of
from prm.serving.paging import search_text
from prm.users.access import PageRequest, member_page
from prm.users.models import Membership


@member_page(*MANAGES)
@require_POST
def assign_many(request: PageRequest) -> HttpResponse:
    """Whom to assign them to is looked for among all who may get leads, so this page has its own template."""
    member, choice = request.membership, choice_of(request, "leads")
    form = AssignForm(request.POST if choice.is_agreed else None, by=member)
    if choice.is_agreed and form.is_valid():
        to = form.receiver
        words = ngettext("Assign %(count)d lead to %(to)s", "Assign %(count)d leads to %(to)s", choice.count)
        parameters = {"user" if isinstance(to, Membership) else "organization": str(to.pk)}
        title = words % {"count": choice.count, "to": to}
        return begin(request, ASSIGN, choice, title=title, parameters=parameters)
    search = search_text(request.POST)
    allowed = distribution().allow_organization_assignment
    context = {
        "form": form,
        "organizations": places(by=member, search=search, allowed=allowed),
        "search": search,
        "allow_organizations": allowed,
    }
    return ask(request, ASSIGN, choice, context, template="leads/assign_many.html")


@member_page(*MANAGES)
@require_POST
def recall_many(request: PageRequest) -> HttpResponse:
    return many_page(request, RECALL)


@member_page(*MANAGES)
@require_POST
def lose_many(request: PageRequest) -> HttpResponse:
    return many_page(request, LOSE, LoseManyForm)
