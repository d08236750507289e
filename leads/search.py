"""Leads can be searched for. Withheld ones by their number only: docs/adr/0004-withholding.md."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.models import CODE, Lead
from prm.search.subjects import Hit, Rows, Subject, register
from prm.users.models import Membership


def _rows(member: Membership) -> Rows:
    return Lead.objects.visible_to(member)


def _readable(rows: Rows, member: Membership) -> Rows:
    return rows if member.is_vendor else rows.filter(opened_at__isnull=False)


def _hit(lead: Lead, member: Membership) -> Hit:
    lead = lead.shown_to(member)
    url, state = reverse("leads:detail", args=[lead.number]), lead.get_status_display()
    if lead.is_withheld:
        words = (
            _("Not opened yet") if lead.organization_id != member.organization_id else _("Open to see the details")
        )
        words = _("Closed unopened") if lead.is_closed else words
        return Hit(lead.code, url, detail=words, state=state, icon="lock-closed")
    detail = " · ".join(part for part in (lead.full_name if lead.company else "", lead.city) if part)
    return Hit(lead.label, url, code=lead.code, detail=detail, state=state)


def _list_url(member: Membership, words: str) -> str:
    return f"{reverse('leads:list')}?{urlencode({'search': words})}"


register(
    Subject(
        "leads",
        gettext_lazy("Leads"),
        1,
        rows=_rows,
        hit=_hit,
        list_url=_list_url,
        readable=_readable,
        code=CODE,
    )
)
