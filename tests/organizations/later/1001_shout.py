"""What migrations usually do: fill old rows with Python and with SQL, then add a table with references."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import prm.organizations.context
import prm.organizations.fence
import prm.organizations.ids


def shout(apps: Any, schema_editor: Any) -> None:
    """Rows of all portals: a historical model has no fence, and the owner is let through while it migrates."""
    for lead in apps.get_model("leads", "Lead").objects.using(schema_editor.connection.alias).all():
        lead.company = lead.company.upper()
        lead.save(update_fields=["company"])


class Migration(migrations.Migration):
    dependencies = [("leads", "0007_count_a_partners_tabs")]
    operations = [
        migrations.RunPython(shout, migrations.RunPython.noop),
        migrations.RunSQL("UPDATE leads_lead SET city = 'Ghent'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.UUIDField(default=prm.organizations.ids.uuid7, primary_key=True, serialize=False),
                ),
                (
                    "portal",
                    models.ForeignKey(
                        db_index=False,
                        default=prm.organizations.context.active_portal_id,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.portal",
                    ),
                ),
                (
                    "lead",
                    prm.organizations.fence.PortalForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="note", constraint=prm.organizations.fence.Fenced(name="leads_note_fenced")
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=prm.organizations.fence.SamePortal("lead", name="leads_note_lead_same_portal"),
        ),
    ]
