from django.db import migrations

from prm.organizations.fence import grant_shared


class Migration(migrations.Migration):
    dependencies = [("events", "0001_events_and_deliveries")]
    operations = [grant_shared("events_duework", "SELECT, INSERT, DELETE")]
