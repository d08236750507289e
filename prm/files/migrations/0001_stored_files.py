import django.db.models.deletion
import prm.organizations.context
import prm.organizations.fence
import prm.organizations.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('organizations', '0003_portal_logo'),
        ('users', '0001_people_and_groups'),
    ]

    operations = [
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.UUIDField(default=prm.organizations.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('logo', 'Logo')], max_length=20)),
                ('stored_as', models.CharField(max_length=80)),
                ('content_type', models.CharField(max_length=60)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organization', prm.organizations.fence.PortalForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('portal', models.ForeignKey(db_index=False, default=prm.organizations.context.active_portal_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.portal')),
                ('uploaded_by', prm.organizations.fence.PortalForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='users.membership')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['portal', 'purpose', 'sha256'], name='files_storedfile_by_content')],
                'constraints': [prm.organizations.fence.Fenced(append_only=False, name='files_storedfile_fenced'), prm.organizations.fence.SamePortal('organization', name='files_storedfile_organization_same_portal'), prm.organizations.fence.SamePortal('uploaded_by', name='files_storedfile_uploaded_by_same_portal'), models.UniqueConstraint(fields=('portal', 'stored_as'), name='files_storedfile_unique_place')],
            },
        ),
    ]
