from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    """pg_trgm, for searches with a slip of the pen. A trusted extension: the owner of the database may add it."""

    dependencies = [
        ('organizations', '0004_portals_settle_in'),
    ]

    operations = [
        TrigramExtension(),
    ]
