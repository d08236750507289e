from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0002_grants'),
    ]

    operations = [
        migrations.AddField(
            model_name='portal',
            name='logo',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=64),
        ),
    ]
