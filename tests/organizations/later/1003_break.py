"""Goes wrong halfway."""

from typing import Any

from django.db import migrations


def break_down(apps: Any, schema_editor: Any) -> None:
    leads = apps.get_model("leads", "Lead").objects.using(schema_editor.connection.alias)
    assert leads.update(city="Brno") > 1
    raise RuntimeError("halfway")


class Migration(migrations.Migration):
    dependencies = [("leads", "1002_note")]
    operations = [migrations.RunPython(break_down, migrations.RunPython.noop)]
