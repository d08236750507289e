"""People can be searched for."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from prm.search.asked import text_in_query
from prm.search.subjects import Hit, Rows, Subject, register
from prm.users.models import Membership


def _rows(member: Membership) -> Rows:
    rows = Membership.objects.visible_to(member).select_related("user", "organization")
    return rows.alias(searched=text_in_query("name", "user__email", "organization__name", phones=["phone"]))


def _hit(person: Membership, member: Membership) -> Hit:
    return Hit(
        title=person.name,
        url=reverse("organizations:detail", args=[person.organization_id]),
        detail=f"{person.email} · {person.organization}",
        state="" if person.status == Membership.Status.ACTIVE else person.get_status_display(),
    )


def _list_url(member: Membership, words: str) -> str:
    return f"{reverse('users:list')}?{urlencode({'search': words})}"


register(Subject("people", _("People"), 4, rows=_rows, hit=_hit, list_url=_list_url))
