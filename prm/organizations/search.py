"""Organizations can be searched for."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from prm.organizations.models import Organization
from prm.search.asked import text_in_query
from prm.search.subjects import Hit, Rows, Subject, register
from prm.users.access import Permission
from prm.users.models import Membership


def _rows(member: Membership) -> Rows:
    rows = Organization.objects.visible_to(member)
    return rows.alias(searched=text_in_query("name", "city", website="website"))


def _hit(organization: Organization, member: Membership) -> Hit:
    return Hit(
        title=organization.name,
        url=reverse("organizations:detail", args=[organization.pk]),
        detail=" · ".join(part for part in (organization.get_kind_display(), organization.city) if part),
        state="" if organization.status == Organization.Status.ACTIVE else organization.get_status_display(),
    )


def _list_url(member: Membership, words: str) -> str:
    if not member.can(Permission.VIEW_ORGANIZATIONS, Permission.VIEW_MANAGED_LEADS):
        return ""
    return f"{reverse('organizations:list')}?{urlencode({'search': words})}"


register(Subject("organizations", _("Organizations"), 3, rows=_rows, hit=_hit, list_url=_list_url))
