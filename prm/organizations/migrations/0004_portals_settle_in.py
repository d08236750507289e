from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0003_portal_logo'),
    ]

    operations = [
        migrations.AddField(
            model_name='portal',
            name='is_settled',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
