from django.db import migrations

from prm.organizations.fence import grant_shared


class Migration(migrations.Migration):
    """The accounts, and the tables of Django and allauth that belong to no portal."""

    dependencies = [
        ("users", "0001_people_and_groups"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        grant_shared("users_user", "SELECT, INSERT, UPDATE"),
        grant_shared("django_session", "SELECT, INSERT, UPDATE, DELETE"),
        grant_shared("account_emailaddress", "SELECT, INSERT, UPDATE, DELETE"),
        grant_shared("django_content_type", "SELECT"),
        grant_shared("auth_permission", "SELECT"),
    ]
