"""Pages about saved views: keep one, find them all, rename, share, delete; and the columns one sees."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.actions import Refused
from prm.lists import actions
from prm.lists.forms import ViewForm
from prm.lists.listing import Listing, listing, listings
from prm.lists.models import ListChoice, SavedView, choice_for
from prm.serving.paging import InvalidParameter
from prm.users.access import PageRequest, member_page

LONGEST = 4000  # characters of a query that is sent along


@member_page()
def view_list(request: PageRequest) -> HttpResponse:
    """All that one sees, by list."""
    member = request.membership
    found = SavedView.objects.visible_to(member).select_related("owner", "shared_with")
    chosen = ListChoice.objects.filter(membership=member).values_list("default_view", flat=True)
    named = {each.name: each for each in listings() if each.is_open_to(member)}
    views = [
        {
            "view": view,
            "listing": named[view.list_name],
            "is_own": view.owner_id == member.pk,
            "is_default": view.pk in chosen,
        }
        for view in found.order_by("list_name", "position", "name", "pk")
        if view.list_name in named
    ]
    return render(request, "lists/view_list.html", {"saved": views})


@member_page()
def view_new(request: PageRequest) -> HttpResponse:
    """Keep what the list shows now. `list` and `query` come from its page and go along with the form."""
    sent = request.POST if request.method == "POST" else request.GET
    declared = _listing(request, sent.get("list", ""))
    query = _query(sent.get("query", ""))
    declared.asked(request.membership, query)
    form = ViewForm(request.POST if request.method == "POST" else None, by=request.membership)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            view = actions.save_view(
                declared,
                name=given["name"],
                shared_with=given["shared_with"],
                query=query,
                by=request.membership,
            )
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            if given["is_default"]:
                actions.choose_default(declared, view=view, by=request.membership)
            messages.success(request, _("View “%(name)s” is kept.") % {"name": view})
            return redirect("lists:view", view.pk)
    context = {"form": form, "listing": declared, "query": query.urlencode()}
    return render(request, "lists/view_form.html", context, status=422 if form.is_bound else 200)


@member_page()
def view_show(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """To the list, as the view has it; what means nothing any more is left out, and said."""
    view = get_object_or_404(SavedView.objects.visible_to(request.membership), pk=pk)
    declared = _listing(request, view.list_name)
    query, dropped = declared.cleaned(request.membership, view.parameters)
    if dropped:
        words = {"name": view, "filters": ", ".join(dropped)}
        messages.warning(request, _("View “%(name)s” had filters that are no longer there: %(filters)s.") % words)
    query["view"] = str(view.pk)
    return HttpResponseRedirect(f"{reverse(declared.url_name)}?{query.urlencode()}")


@member_page()
def view_edit(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    view = _own(request, pk)
    declared = _listing(request, view.list_name)
    choice = choice_for(request.membership, declared.name)
    is_default = choice.default_view_id == view.pk
    sent = request.POST if request.method == "POST" else None
    form = ViewForm(sent, instance=view, by=request.membership, initial={"is_default": is_default})
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            name, shared_with = given["name"], given["shared_with"]
            actions.change_view(view, name=name, shared_with=shared_with, by=request.membership)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            if given["is_default"] != is_default:
                first = view if given["is_default"] else None
                actions.choose_default(declared, view=first, by=request.membership)
            messages.success(request, _("Saved."))
            return redirect("lists:views")
    context = {"form": form, "listing": declared, "view": _own(request, pk)}
    return render(request, "lists/view_form.html", context, status=422 if form.is_bound else 200)


@member_page()
@require_POST
def view_keep(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """The view takes over what the list shows now."""
    view = actions.keep_query(_own(request, pk), query=_query(request.POST.get("query", "")), by=request.membership)
    messages.success(request, _("View “%(name)s” is kept as it is now.") % {"name": view})
    return redirect("lists:view", pk)


@member_page()
@require_POST
def view_delete(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    view = _own(request, pk)
    actions.delete_view(view, by=request.membership)
    messages.success(request, _("View “%(name)s” is deleted.") % {"name": view})
    return redirect("lists:views")


@member_page()
@require_POST
def view_default(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """The list begins with this view from now on, or no longer, when it did."""
    view = get_object_or_404(SavedView.objects.visible_to(request.membership), pk=pk)
    declared = _listing(request, view.list_name)
    is_default = choice_for(request.membership, declared.name).default_view_id == view.pk
    actions.choose_default(declared, view=None if is_default else view, by=request.membership)
    messages.success(request, _("Saved."))
    return redirect("lists:views")


@member_page()
@require_POST
def columns(request: PageRequest) -> HttpResponse:
    """The columns that were ticked are this person's from now on; the list shows the same rows as before."""
    declared = _listing(request, request.POST.get("list", ""))
    keys = request.POST.getlist("columns") if "begin" not in request.POST else []
    actions.choose_columns(declared, keys=keys, by=request.membership)
    before = _query(request.POST.get("query", ""))
    query = declared.cleaned(request.membership, before)[0]
    query.pop("columns", None)
    query["view"] = before.get("view", "all")  # an address without a query begins with the default view
    return HttpResponseRedirect(f"{reverse(declared.url_name)}?{query.urlencode()}")


def _listing(request: PageRequest, name: str) -> Listing:
    declared = listing(name)
    declared.require(request.membership)
    return declared


def _query(text: str) -> QueryDict:
    if len(text) > LONGEST:
        raise InvalidParameter("query", _("This address is too long."))
    return QueryDict(text)


def _own(request: PageRequest, pk: uuid.UUID) -> SavedView:
    views = SavedView.objects.visible_to(request.membership).filter(owner=request.membership)
    return get_object_or_404(views, pk=pk)
