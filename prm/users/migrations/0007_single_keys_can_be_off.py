from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0006_languages_by_function'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='has_keys',
            field=models.BooleanField(db_default=True, default=True, verbose_name='single keys'),
        ),
    ]
