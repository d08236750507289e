"""A lead's details in pieces, as its page shows them and as they are edited there."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from leads.models import Lead, written_by
from leads.states import Verb
from prm.actions import Gone
from prm.facts import MONEY, Group, Piece, fact_of, sections_of
from prm.users.models import Membership

NAME = Piece("name", _("Name"), "name", {"first_name": "half", "last_name": "half"})
NOTES = Piece("internal_notes", _("Internal notes"), "prose")
ADDRESS = {"street": "", "postal_code": "third", "city": "two-thirds", "state": "half", "country": "half"}
GROUPS = (
    Group(
        _("Person"),
        "user",
        (
            Piece("title", _("Job title")),
            Piece("email", _("E-mail"), "email"),
            Piece("phone", _("Phone"), "phone"),
            Piece("mobile", _("Mobile"), "phone"),
            Piece("language", _("Language")),
        ),
    ),
    Group(
        _("Company"),
        "building-office",
        (
            Piece("company", _("Company")),
            Piece("website", _("Website"), "website"),
            Piece("industry", _("Industry")),
            Piece("employees", _("Employees"), "number"),
        ),
    ),
    Group(_("Address"), "map-pin", (Piece("address", _("Address"), "address", ADDRESS),)),
    Group(
        _("Source"),
        "megaphone",
        (
            Piece("source", _("Source")),
            Piece("source_detail", _("Detail")),
            Piece("campaign", _("Campaign")),
        ),
    ),
    Group(
        _("Interest"),
        "light-bulb",
        (
            Piece("product_interest", _("Product")),
            Piece("budget", _("Budget"), MONEY, {"budget": "half", "budget_currency": "half"}),
            Piece("timeframe", _("Timeframe")),
        ),
        is_wide=True,
    ),
    Group(_("Description"), "document-text", (Piece("description", _("Description"), "prose"),), is_wide=True),
)
PIECES = {piece.name: piece for piece in (NAME, NOTES, *(piece for group in GROUPS for piece in group.pieces))}


def facts_of(lead: Lead, member: Membership, *, verbs: set[str]) -> dict[str, Any]:
    """What the page of a revealed lead shows: the person's name, the groups, and the vendor's notes."""

    def edit_url(piece: Piece) -> str:
        return reverse("leads:edit_fact", args=[lead.number, piece.name])

    written = written_by(member) if Verb.EDIT.value in verbs else frozenset[str]()
    return {
        "name": fact_of(lead, NAME, written=written, edit_url=edit_url),
        "sections": sections_of(lead, GROUPS, written=written, edit_url=edit_url),
        "notes": fact_of(lead, NOTES, written=written, edit_url=edit_url),
    }


def piece_named(name: str, *, by: Membership) -> Piece:
    """The piece, if this member's side may write it. Raises Gone, answered as 404."""
    piece = PIECES.get(name)
    if piece is None or not set(piece.fields) <= written_by(by):
        raise Gone
    return piece
