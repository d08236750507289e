"""What is done with one deal: moved, won, lost, re-opened. From the board or from its page, and back there."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deals import actions
from deals.board import Wanted
from deals.forms import LoseForm, MoveForm, VerbForm
from deals.models import Deal
from deals.views.board import board_page
from deals.views.record import deal_page, seen_deal
from prm.actions import Refused, Stale
from prm.serving.typed import form_of
from prm.serving.undo import offer_undo
from prm.users.access import SEES_LEADS, PageRequest, member_page

BOARD = "board"
"""The field that says that a verb was asked for on the board, and with which filters there."""


@member_page(*SEES_LEADS)
@require_POST
def deal_move(request: PageRequest, code: int) -> HttpResponse:
    deal = seen_deal(request.membership, code)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _as_it_is(request, code, _("Choose one of the stages."), status=422)
    stage, version = form.cleaned_data["stage"], form.cleaned_data["version"]
    try:
        moved = actions.move_deal(deal, to=stage, version=version, by=request.membership)
    except Stale as stale:
        return _as_it_is(request, code, str(stale), status=409)
    words = _("%(code)s stands in %(stage)s now.") % {"code": deal.code, "stage": stage}
    return _done(request, moved, words, verb="move", stage=deal.stage_id)


@member_page(*SEES_LEADS)
@require_POST
def deal_win(request: PageRequest, code: int) -> HttpResponse:
    return _pressed(request, code, actions.win_deal, _("Deal %(code)s is won."), undo="reopen")


@member_page(*SEES_LEADS)
@require_POST
def deal_reopen(request: PageRequest, code: int) -> HttpResponse:
    return _pressed(request, code, actions.reopen_deal, _("Deal %(code)s is open again."))


@member_page(*SEES_LEADS)
def deal_lose(request: PageRequest, code: int) -> HttpResponse:
    """Losing needs its reason, so it has a page of its own."""
    deal = seen_deal(request.membership, code)
    if not deal.may_be_changed_by(request.membership):
        raise Refused(_("Deal %(code)s cannot be changed by you.") % {"code": deal.code})
    form = form_of(request, lambda sent: LoseForm(sent, initial={"version": deal.version}))
    status = 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        reason, version = form.cleaned_data["reason"], form.cleaned_data["version"]
        try:
            lost = actions.lose_deal(deal, reason=reason, version=version, by=request.membership)
        except Stale as stale:
            messages.error(request, str(stale))
            form, status = LoseForm(initial={"version": deal.version, "reason": reason}), 409
        else:
            return _done(request, lost, _("Deal %(code)s is lost.") % {"code": deal.code}, verb="reopen")
    board = (request.POST or request.GET).get(BOARD)
    context = {"deal": deal, "form": form, "board": board, "is_from_board": board is not None}
    return render(request, "deals/deal_lose.html", context, status=status)


def _pressed(
    request: PageRequest, code: int, act: Callable[..., Deal], words: str, *, undo: str = ""
) -> HttpResponse:
    """A verb that is a button and no more."""
    deal = seen_deal(request.membership, code)
    form = VerbForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else None
    try:
        changed = act(deal, version=version, by=request.membership)
    except Stale as stale:
        return _as_it_is(request, code, str(stale), status=409)
    return _done(request, changed, words % {"code": deal.code}, verb=undo)


def _done(request: PageRequest, deal: Deal, words: str, *, verb: str, **fields: object) -> HttpResponse:
    """Back to where it was asked for, with the way back in the message where there is one."""
    board = request.POST.get(BOARD)
    if verb:
        came_from = {} if board is None else {BOARD: board}
        path = reverse(f"deals:{verb}", args=[deal.code])
        offer_undo(request, words, path=path, version=deal.version, **came_from, **fields)
    else:
        messages.success(request, words)
    if board is None:
        return redirect("deals:detail", deal.code)
    query = Wanted.of(QueryDict(board)).query
    return redirect(f"{reverse('deals:board')}{'?' if query else ''}{query}#{deal.code}")


def _as_it_is(request: PageRequest, code: int, words: str, *, status: int) -> HttpResponse:
    """Nothing was done: the same place again, fresh, with the reason."""
    messages.error(request, words)
    board = request.POST.get(BOARD)
    if board is None:
        return deal_page(request, code, status=status)
    return board_page(request, QueryDict(board), status=status)
