"""A portal's small tables, such as tiers and reasons: the admin's forms, and import and export of a whole table.

Each row goes through the verb that the portal's own pages call, so the same is refused and recorded.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.actions import Refused
from prm.files.sheets import SHEETS
from prm.operators.csv_files import MOST_ROWS, Table, TableError, read_table
from prm.operators.looking import LookingAdmin
from prm.operators.previews import Lapsed, open_preview, seal_preview


class RowForm(forms.ModelForm):
    """One row, from the form or from a file. A name is taken when another row of this portal has it."""

    def _get_validation_exclusions(self) -> set[str]:
        """Not the portal, which is in no form: Django would look at no constraint that it is part of."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"portal"}


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("CSV file"))


class SmallTableAdmin(LookingAdmin):
    """`columns` are edited, imported and exported; a row is known by its `name`. Nothing is deleted here."""

    columns: tuple[str, ...] = ()
    form = RowForm
    is_personal = False
    change_list_template = "operators/small_table.html"

    def add_row(self, values: Mapping[str, Any]) -> models.Model:
        """The verb that adds one. May raise Refused."""
        raise NotImplementedError

    def change_row(self, row: Any, values: Mapping[str, Any]) -> models.Model:
        """The verb that changes one; what is as it was changes nothing. May raise Refused."""
        raise NotImplementedError

    # --- One row ------------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return list(self.columns)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return []

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in self.columns}
        obj.pk = (self.change_row(obj, values) if change else self.add_row(values)).pk

    # --- The whole table ------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        enter = self.admin_site.admin_view
        return [
            path("import/", enter(self.import_page), name=f"{name}_import"),
            path("export/", enter(self.export_page), name=f"{name}_export"),
            *super().get_urls(),
        ]

    def export_page(self, request: HttpRequest) -> HttpResponse:
        """The table as a file that a spreadsheet opens and takes no cell of for a formula."""
        from prm.operators.importing import resource_of

        kind = request.GET.get("format", "csv")
        sheet = SHEETS.get(kind)
        if sheet is None:
            raise Refused(_("There is no such format."))
        rows = self.get_queryset(request)
        if rows.count() > MOST_ROWS:
            raise Refused(_("This table has more than %(n)d rows.") % {"n": MOST_ROWS})
        table = resource_of(self).export(rows, force_native_type=True)
        cells = [[int(value) if isinstance(value, bool) else value for value in row] for row in table]
        file = BytesIO()
        sheet.write([sheet.head(table.headers), sheet.piece(cells)], file)
        answer = HttpResponse(file.getvalue(), content_type=sheet.content_type)
        name = f"{self.opts.model_name}-{timezone.localdate():%Y-%m-%d}.{kind}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """First the file and what it would do, then, after a second press, the doing. All of it or nothing."""
        if request.method != "POST":
            return self._page(request, FileForm())
        return self._confirmed(request) if "preview" in request.POST else self._shown(request)

    def _shown(self, request: HttpRequest) -> HttpResponse:
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form)
        try:
            table = read_table(form.cleaned_data["file"].read(), columns=self._columns_by_word())
        except TableError as error:
            form.add_error("file", str(error))
            return self._page(request, form)
        return self._outcome(request, table, is_trial=True)

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        try:
            table = open_preview(request.POST["preview"], of=self.opts.label)
        except Lapsed:
            messages.error(request, _("The preview is too old. Please choose the file again."))
            return self._page(request, FileForm(), status=422)
        return self._outcome(request, table, is_trial=False)

    def _outcome(self, request: HttpRequest, table: Table, *, is_trial: bool) -> HttpResponse:
        from prm.operators.importing import import_table

        outcome = import_table(self, table, is_trial=is_trial)
        if outcome.errors or is_trial:
            preview = "" if outcome.errors else seal_preview(table, of=self.opts.label)
            status = 422 if outcome.errors else 200
            return self._page(request, FileForm(), status=status, outcome=outcome, preview=preview)
        words = _("Imported: %(new)d new, %(changed)d changed, %(same)d as they were.")
        messages.success(request, words % outcome.counts)
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    def _page(self, request: HttpRequest, form: FileForm, *, status: int = 0, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import"),
            "opts": self.opts,
            "form": form,
            "columns": self.columns,
            "most": MOST_ROWS,
            **more,
        }
        return render(request, "operators/import.html", context, status=status or (422 if form.errors else 200))

    def _columns_by_word(self) -> dict[str, str]:
        """How a file may call a column: as it is named in an export, or as it is labelled in the form."""
        fields = {name: self.opts.get_field(name) for name in self.columns}
        labels = {str(getattr(field, "verbose_name", "")).lower(): name for name, field in fields.items()}
        return {**labels, **{name: name for name in self.columns}}
