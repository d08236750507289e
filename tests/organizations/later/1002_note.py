"""Fills the table that the migration before has made."""

from typing import Any

from django.db import migrations


def note(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    notes, leads = (apps.get_model("leads", name).objects.using(alias) for name in ("Note", "Lead"))
    notes.bulk_create(notes.model(portal_id=lead.portal_id, lead_id=lead.pk) for lead in leads.all())


class Migration(migrations.Migration):
    dependencies = [("leads", "1001_shout")]
    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
