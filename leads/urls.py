from django.urls import path, register_converter

from leads.models import CODE
from leads.views import bulk, facts, files, lists, record, settings


class LeadCode:
    """`L-1042` in an address is 1042 in a view."""

    regex = CODE + r"[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        return int(value.removeprefix(CODE))

    def to_url(self, value: int | str) -> str:
        return f"{CODE}{str(value).removeprefix(CODE)}"


register_converter(LeadCode, "lead")

app_name = "leads"
urlpatterns = [
    path("leads/", lists.lead_list, name="list"),
    path("leads/new/", lists.lead_new, name="new"),
    path("leads/assign/", bulk.assign_many, name="assign_many"),
    path("leads/recall/", bulk.recall_many, name="recall_many"),
    path("leads/close/", bulk.lose_many, name="lose_many"),
    path("leads/<lead:code>/", record.lead_detail, name="detail"),
    path("leads/<lead:code>/preview/", lists.lead_preview, name="preview"),
    path("leads/<lead:code>/edit/", record.lead_edit, name="edit"),
    path("leads/<lead:code>/edit-<slug:name>/", facts.lead_edit_fact, name="edit_fact"),
    path("leads/<lead:code>/assign/", record.lead_assign, name="assign"),
    path("leads/<lead:code>/hand-over/", record.lead_hand_over, name="hand_over"),
    path("leads/<lead:code>/close/", record.lead_close, name="close"),
    path("leads/<lead:code>/open/", record.lead_open, name="open"),
    path("leads/<lead:code>/recall/", record.lead_recall, name="recall"),
    path("leads/<lead:code>/reopen/", record.lead_reopen, name="reopen"),
    path("leads/<lead:code>/comment/", record.lead_comment, name="comment"),
    path("leads/<lead:code>/activity/", record.lead_activity, name="activity"),
    path("leads/<lead:code>/files/", files.lead_files, name="files"),
    path("leads/<lead:code>/files/<uuid:pk>/", files.lead_file, name="file"),
    path("settings/lead-distribution/", settings.distribution, name="settings"),
]
