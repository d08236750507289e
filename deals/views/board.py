"""The board of deals by stage."""

from collections.abc import Mapping

from django.http import HttpResponse
from django.shortcuts import render

from deals.board import Wanted, board_of, owners_of, partners_of
from deals.picture import pictures_of
from prm.users.access import SEES_LEADS, PageRequest, member_page


@member_page(*SEES_LEADS)
def deal_board(request: PageRequest) -> HttpResponse:
    return board_page(request, request.GET)


def board_page(request: PageRequest, parameters: Mapping[str, str], *, status: int = 200) -> HttpResponse:
    """The board as it is now, of what `parameters` ask for; `status` tells a verb's refusal."""
    member = request.membership
    wanted = Wanted.of(parameters)
    board = board_of(wanted.rows(member))
    shown = [deal for column in (*board.stages, *board.closed) for deal in column.deals]
    context = {
        "board": board,
        "pictures": pictures_of(board),
        "wanted": wanted,
        "search": wanted.search,
        "partners": partners_of(member),
        "owners": owners_of(member, wanted.organization),
        "is_vendor": member.is_vendor,
        "shown": shown,
        "movable": {deal.pk for deal in shown if deal.may_be_changed_by(member)},
    }
    return render(request, "deals/deal_board.html", context, status=status)
