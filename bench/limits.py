"""What Postgres alone can do with the same rows behind the same walls: the limit beside each figure."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import connection

    from bench.seats import Seat

VENDORS_PAGE = (
    "SELECT l.*, o.name, m.name FROM leads_lead l"
    " LEFT JOIN organizations_organization o ON o.portal_id = l.portal_id AND o.id = l.organization_id"
    " LEFT JOIN users_membership m ON m.portal_id = l.portal_id AND m.id = l.assignee_id"
    " WHERE l.portal_id = %s ORDER BY l.created_at DESC, l.id DESC LIMIT 50"
)
PARTNERS_PAGE = VENDORS_PAGE.replace("ORDER BY l.created_at", "AND l.organization_id = %s ORDER BY l.assigned_at")
SCAN = "SELECT id FROM leads_lead WHERE portal_id = %s AND company ILIKE %s LIMIT 50"
INSERT = """
INSERT INTO leads_lead (id, portal_id, number, status, company, first_name, last_name, title, email, phone, mobile,
    website, street, city, state, postal_code, country, industry, product_interest, budget_currency, timeframe,
    description, source, source_detail, campaign, language, internal_notes, created_at, updated_at, version,
    unseen_edits)
VALUES (%s, %s, %s, 'unassigned', 'Raw Robotics', 'Anna', 'Novak', '', 'anna@raw.example', '+49 30 1234567', '', '',
    '', 'Ghent', '', '', 'BE', '', 'Picking cell', '', '', '', '', '', '', '', '', now(), now(), 1, 0)
"""
FIRST_NUMBER = 500_000_000  # out of the way of the product's own numbers
Ask = Callable[[], None]


def page(link: "connection", portal: uuid.UUID, partner: uuid.UUID | None = None) -> Ask:
    """A page of 50 rows with their organizations and people."""
    statement = VENDORS_PAGE if partner is None else PARTNERS_PAGE
    return _reading(link, portal, statement, [str(portal)] if partner is None else [str(portal), str(partner)])


def scan(link: "connection", portal: uuid.UUID) -> Ask:
    """A look at one column of every lead of a portal, in vain."""
    return _reading(link, portal, SCAN, [str(portal), "%nowhere%"])


def insert(link: "connection", portal: uuid.UUID, numbers: Any) -> Ask:
    """One lead and its commit. `numbers` is an iterator of numbers that are not taken."""

    def ask() -> None:
        with link, link.cursor() as cursor:
            cursor.execute("SET LOCAL app.portal_id = %s", [str(portal)])
            number = FIRST_NUMBER + next(numbers)
            cursor.execute(INSERT, [str(uuid.uuid4()), str(portal), number])

    return ask


def _reading(link: "connection", portal: uuid.UUID, statement: str, parameters: list[str]) -> Ask:
    def ask() -> None:
        with link, link.cursor() as cursor:
            cursor.execute("SET LOCAL app.portal_id = %s", [str(portal)])
            cursor.execute(statement, parameters)
            cursor.fetchall()

    return ask


def portal_of(seat: "Seat") -> uuid.UUID:
    from prm.organizations.models import Portal

    found: uuid.UUID = Portal.objects.get(slug=seat.slug).pk
    return found
