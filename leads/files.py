"""The files of a lead, as its page and the API show them."""

from collections.abc import Collection
from typing import Any

from leads.forms import FilesForm
from leads.models import Lead, LeadFile
from leads.states import Verb
from prm.users.models import Membership


def files_of(lead: Lead, member: Membership, verbs: Collection[str] = ()) -> list[LeadFile]:
    """Those that this member sees, newest first, each with `can_remove` by the lead's `verbs`. In one query."""
    if lead.is_withheld_from(member):
        return []
    rows = LeadFile.objects.visible_to(member).filter(lead=lead).select_related("file", "author")
    files = list(rows.order_by("-created_at", "-pk"))
    for file in files:
        is_mine = member.is_vendor or file.author_id == member.pk
        file.can_remove = is_mine and Verb.REMOVE_FILE in verbs
    return files


def files_section(lead: Lead, member: Membership, verbs: Collection[str]) -> dict[str, Any]:
    """What templates/leads/files.html shows: the files, and the form to add to them for whoever may."""
    form = FilesForm(by=member) if Verb.ADD_FILE in verbs else None
    return {"files": files_of(lead, member, verbs), "files_form": form}
