"""What of a deal is edited where it stands on its page. Its stage has verbs of its own."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from deals.models import Deal
from prm.actions import Gone
from prm.facts import MONEY, Fact, Piece, fact_of

PIECES = {
    piece.name: piece
    for piece in (
        Piece("amount", _("Amount"), MONEY, {"amount": "", "currency": ""}),
        Piece("close_date", _("Close date"), "date"),
        Piece("next_step", _("Next step")),
        Piece("description", _("Description"), "prose"),
    )
}


def facts_of(deal: Deal, *, can_change: bool) -> dict[str, Fact]:
    """By name; with addresses for whoever may change the deal."""

    def edit_url(piece: Piece) -> str:
        return reverse("deals:edit_fact", args=[deal.number, piece.name])

    return {
        name: fact_of(deal, piece, written=piece.fields if can_change else (), edit_url=edit_url)
        for name, piece in PIECES.items()
    }


def piece_named(name: str) -> Piece:
    """Raises Gone, answered as 404, for what is no piece of a deal."""
    if name not in PIECES:
        raise Gone
    return PIECES[name]
