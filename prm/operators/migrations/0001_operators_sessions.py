from django.db import migrations

from prm.organizations.fence import grant_shared


class Migration(migrations.Migration):
    """Operators sign in at no portal, so their sessions stand in Django's own table."""

    dependencies = [("sessions", "0001_initial"), ("users", "0006_languages_by_function")]
    operations = [grant_shared("django_session", "SELECT, INSERT, UPDATE, DELETE")]
