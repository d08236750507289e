"""Runs as their requester sees them: how far they are, what came of them, and the file."""

import io
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from prm.actions import Gone
from prm.files.sheets import CSV, SHEETS
from prm.lists.listing import listing
from prm.runs import actions
from prm.runs.choosing import ids_of, query_of, token_of, without_moves
from prm.runs.downloads import download, file_of
from prm.runs.exports import EXPORT, start_export
from prm.runs.kinds import KINDS
from prm.runs.models import Refusal, Run
from prm.serving.paging import page_of
from prm.users.access import PageRequest, member_page

SHOWN = 100  # refusals on the page; all that were noted are in the file


@dataclass(frozen=True)
class Progress:
    """How far a run is. `left` is an estimate, and None where there is nothing to go by yet."""

    percent: int
    left: timedelta | None = None

    @classmethod
    def of(cls, run: Run) -> "Progress":
        if not run.total:
            return cls(100 if run.is_finished else 0)
        share = run.position / run.total
        since = max(timedelta(), timezone.now() - run.started_at) if run.started_at else None
        left = since * (1 / share - 1) if since and share else None
        return cls(int(share * 100), left)


@member_page()
def run_list(request: PageRequest) -> HttpResponse:
    page = page_of(
        Run.objects.visible_to(request.membership).defer("chosen").select_related("file"),
        ordering="-created_at",
        allowed={"created_at": "created_at"},
        cursor=request.GET.get("cursor", ""),
        size=20,
    )
    return render(request, "runs/run_list.html", {"runs": page.rows, "pager": page})


@member_page()
def run_detail(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """Asked for again every second until the run is finished; any other page may be looked at meanwhile."""
    run = _seen(request, pk)
    kind = KINDS.get(run.kind)
    context = {
        "run": run,
        "progress": Progress.of(run),
        "is_export": run.kind == EXPORT,
        "refusals": Refusal.objects.filter(run=run)[:SHOWN],
        "has_file": file_of(run, request.membership) is not None,
        "undo": kind if kind and actions.can_undo(run) else None,
        "list_url": _list_url(run),
        "token": uuid.uuid4(),
    }
    return render(request, "runs/run_detail.html", context)


@member_page()
@require_POST
def run_cancel(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    actions.cancel_run(_seen(request, pk), by=request.membership)
    messages.success(request, _("Cancelled. What was done until then stands."))
    return redirect("runs:detail", pk)


@member_page()
@require_POST
def run_undo(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    run = actions.undo_run(_seen(request, pk), token=token_of(request.POST), by=request.membership)
    return redirect("runs:detail", run.pk)


@member_page()
def run_file(request: PageRequest, pk: uuid.UUID) -> HttpResponseBase:
    return download(_seen(request, pk), request.membership)


@member_page()
def run_refusals(request: PageRequest, pk: uuid.UUID) -> HttpResponse:
    """What was left as it was, and why, as a table to work through."""
    run = _seen(request, pk)
    rows = Refusal.objects.filter(run=run).values_list("name", "reason")
    sheet, out = SHEETS[CSV], io.BytesIO()
    sheet.write([sheet.head([_("Row"), _("Why it was left as it was")]), sheet.piece(rows)], out)
    response = HttpResponse(out.getvalue(), content_type=sheet.content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename="left.csv")
    return response


@member_page()
def export(request: PageRequest, name: str) -> HttpResponse:
    """Which format, and then the run. The address may carry a list's own query string: that list is meant."""
    member = request.membership
    asked = listing(name)
    asked.require(member)
    is_sent = request.method == "POST"
    query = query_of(request.POST) if is_sent else without_moves(request.GET)
    chosen = ids_of(request.POST) if is_sent and request.POST.get("all") != "yes" else []
    sheet = request.POST.get("sheet", "")
    token = token_of(request.POST)
    if sheet:
        if sheet not in SHEETS:
            raise BadRequest("There is no such format.")
        run = start_export(name, query=query, sheet=sheet, token=token, by=member, chosen=chosen)
        return redirect("runs:detail", run.pk)
    asked.rows(member, query)
    context = {
        "asked": asked,
        "query": query.urlencode(),
        "chosen": chosen,
        "columns": asked.columns(member, query),
        "token": token,
        "most": {key: number_format(each.most_rows, force_grouping=True) for key, each in SHEETS.items()},
    }
    return render(request, "runs/export.html", context)


def _seen(request: PageRequest, pk: uuid.UUID) -> Run:
    rows = Run.objects.visible_to(request.membership).defer("chosen").select_related("file__portal")
    return get_object_or_404(rows, pk=pk)


def _list_url(run: Run) -> str:
    """The list it was asked on, as that stood; '' where there is none of this name."""
    try:
        return f"{reverse(listing(run.listing).url_name)}?{run.query}"
    except Gone:
        return ""
