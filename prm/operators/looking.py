"""A table of the portal an operator is in: to be looked at. What changes a record is a verb of the portal."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse

from prm.events.models import Event
from prm.events.record import record

PAGES = ("_changelist", "_add", "_change")
"""Of a table's own pages. The admin's deletion and its history, kept outside of any portal, are not among them."""


class LookingAdmin(ModelAdmin):
    """Lists and shows; nothing can be added, changed or deleted. Whose record was looked at is an event."""

    left_out: tuple[str, ...] = ("portal",)
    is_personal = True
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_urls(self) -> list[Any]:
        return [url for url in super().get_urls() if url.name and url.name.endswith(PAGES)]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """What the filters beside the list ask. Left to itself the admin would answer any question about a column
        of the next table too, such as how an account's password hash begins."""
        name, _, how = lookup.rpartition("__")
        own = {getattr(each, "parameter_name", "") for each in self.list_filter}
        return lookup in own or (name in self.list_filter and how in {"exact", "isnull"})

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        columns = [field.name for field in self.opts.concrete_fields]
        return [name for name in columns if name not in self.left_out]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        answer = super().change_view(request, object_id, form_url, extra_context)
        if self.is_personal:
            found = self.get_object(request, object_id)
            assert found is not None  # else the page above would have said so
            record(Event.Kind.OPERATOR_LOOKED, found, by=None)
        return answer

    def _get_obj_does_not_exist_redirect(self, *args: Any) -> HttpResponse:
        """Another portal's row and none at all are answered alike, as everywhere."""
        raise Http404

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing, as below: the verbs record what they do, inside the portal."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing."""
