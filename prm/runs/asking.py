"""The page of a verb over many rows: it says what will happen to how many, and once more asked, the run begins."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from prm.lists.listing import listing
from prm.runs.actions import start_run
from prm.runs.choosing import Choice, choice_of
from prm.runs.verbs import ManyVerb
from prm.users.access import PageRequest

MakeForm = Callable[[QueryDict | None], forms.Form]


def many_page(request: PageRequest, verb: ManyVerb, form: MakeForm | None = None) -> HttpResponse:
    """Of a verb that needs no more than a few choices: the fields of `form`, each a choice among records."""
    choice = choice_of(request, verb.listing)
    filled = form(request.POST if choice.is_agreed else None) if form else None
    if choice.is_agreed and (filled is None or filled.is_valid()):
        parameters, words = _chosen(filled)
        title = verb.title(choice.count)
        if words:
            title = _("%(title)s: %(choice)s") % {"title": title, "choice": words}
        return begin(request, verb, choice, title=title, parameters=parameters)
    return ask(request, verb, choice, {"form": filled})


def ask(
    request: PageRequest,
    verb: ManyVerb,
    choice: Choice,
    context: Mapping[str, Any],
    *,
    template: str = "runs/many.html",
) -> HttpResponse:
    """The page, with what its own template needs beside the rows: 422 where something is to be put right."""
    form = context.get("form")
    is_wrong = choice.has_changed or (form is not None and form.is_bound)
    frame = {
        "verb": verb,
        "choice": choice,
        "fitting": verb.fits(choice.ids, request.membership),
        "asked": listing(verb.listing),
        "title": verb.title(choice.count),
    }
    return render(request, template, {**frame, **context}, status=422 if is_wrong else 200)


def begin(
    request: PageRequest, verb: ManyVerb, choice: Choice, *, title: str, parameters: Mapping[str, Any]
) -> HttpResponse:
    """Queue the run, and lead to its page."""
    run = start_run(
        verb.kind,
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


def _chosen(form: forms.Form | None) -> tuple[dict[str, str | list[str]], str]:
    """What was chosen in each field as a run keeps it, by ids, and in words. A field left empty is passed over."""
    parameters: dict[str, str | list[str]] = {}
    names = []
    for field, value in form.cleaned_data.items() if form else ():
        if isinstance(value, QuerySet):
            parameters[field] = [str(record.pk) for record in value]
            names += [str(record) for record in value]
        elif value is not None:
            parameters[field] = str(value.pk)
            names.append(str(value))
    return parameters, ", ".join(names)
