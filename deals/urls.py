from django.urls import path, register_converter

from deals import views
from deals.models import CODE


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
    path("leads/<lead:code>/convert/", views.deal_convert, name="convert"),
    path("deals/", views.deal_list, name="list"),
    path("deals/<deal:code>/", views.deal_detail, name="detail"),
    path("deals/<deal:code>/preview/", views.deal_preview, name="preview"),
    path("deals/<deal:code>/edit/", views.deal_edit, name="edit"),
    path("settings/deal-stages/", views.stages, name="settings"),
]
