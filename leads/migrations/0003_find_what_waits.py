from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0002_edits_that_partners_do_not_see'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('status', 'assigned')), fields=['portal', 'organization', 'assigned_at', 'id'], name='leads_lead_unopened'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('status__in', ['opened', 'working'])), fields=['portal', 'organization', 'updated_at', 'id'], name='leads_lead_in_hand'),
        ),
    ]
