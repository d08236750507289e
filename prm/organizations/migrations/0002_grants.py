from django.db import migrations

from prm.organizations.fence import grant_shared


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_portals_and_organizations")]
    operations = [
        grant_shared("organizations_portal", "SELECT, INSERT, UPDATE"),
        grant_shared("django_migrations", "SELECT"),  # /readyz compares
    ]
