from django.db import migrations

# As with leads (leads/migrations/0006): an organization is of one portal, an owner of one organization.
CREATE = """
CREATE STATISTICS deals_deal_holders (dependencies, ndistinct) ON portal_id, organization_id, owner_id
FROM deals_deal;
ANALYZE deals_deal
"""


class Migration(migrations.Migration):

    dependencies = [
        ('deals', '0002_lost_reasons_and_closing'),
    ]

    operations = [
        migrations.RunSQL(CREATE, 'DROP STATISTICS deals_deal_holders'),
    ]
