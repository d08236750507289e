from django.urls import path, register_converter

from deals.models import CODE
from deals.views import board, bulk, facts, record, settings, verbs


class DealCode:
    """`D-1001` in an address is 1001 in a view."""

    regex = CODE + r"[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> int:
        return int(value.removeprefix(CODE))

    def to_url(self, value: int | str) -> str:
        return f"{CODE}{str(value).removeprefix(CODE)}"


register_converter(DealCode, "deal")

app_name = "deals"
urlpatterns = [
    path("leads/<lead:code>/convert/", record.deal_convert, name="convert"),
    path("deals/", record.deal_list, name="list"),
    path("deals/board/", board.deal_board, name="board"),
    path("deals/win/", bulk.win_many, name="win_many"),
    path("deals/lose/", bulk.lose_many, name="lose_many"),
    path("deals/move/", bulk.move_many, name="move_many"),
    path("deals/<deal:code>/", record.deal_detail, name="detail"),
    path("deals/<deal:code>/preview/", record.deal_preview, name="preview"),
    path("deals/<deal:code>/edit/", record.deal_edit, name="edit"),
    path("deals/<deal:code>/edit-<slug:name>/", facts.deal_edit_fact, name="edit_fact"),
    path("deals/<deal:code>/move/", verbs.deal_move, name="move"),
    path("deals/<deal:code>/win/", verbs.deal_win, name="win"),
    path("deals/<deal:code>/lose/", verbs.deal_lose, name="lose"),
    path("deals/<deal:code>/reopen/", verbs.deal_reopen, name="reopen"),
    path("settings/deal-stages/", settings.stages, name="settings"),
]
