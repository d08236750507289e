import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import prm.organizations.context
import prm.organizations.fence
import prm.organizations.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('files', '0002_exports'),
        ('organizations', '0003_portal_logo'),
        ('users', '0005_versions_and_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.UUIDField(default=prm.organizations.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField()),
                ('kind', models.CharField(max_length=40)),
                ('title', models.CharField(max_length=200)),
                ('listing', models.CharField(blank=True, max_length=40)),
                ('query', models.TextField(blank=True)),
                ('parameters', models.JSONField(default=dict)),
                ('rights', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None)),
                ('status', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Finished'), ('cancelled', 'Cancelled'), ('failed', 'Failed')], default='waiting', max_length=10)),
                ('chosen', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('total', models.PositiveIntegerField(null=True)),
                ('done', models.PositiveIntegerField(default=0)),
                ('refused', models.PositiveIntegerField(default=0)),
                ('missing', models.PositiveIntegerField(default=0)),
                ('parts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), default=list, size=None)),
                ('last_error', models.TextField(blank=True)),
                ('not_before', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('losses', models.PositiveSmallIntegerField(default=0)),
                ('claim', models.UUIDField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('file', prm.organizations.fence.PortalForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.storedfile')),
                ('portal', models.ForeignKey(db_index=False, default=prm.organizations.context.active_portal_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.portal')),
                ('requester', prm.organizations.fence.PortalForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='users.membership')),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.CreateModel(
            name='Refusal',
            fields=[
                ('id', models.UUIDField(default=prm.organizations.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('name', models.CharField(blank=True, max_length=200)),
                ('path', models.CharField(blank=True, max_length=200)),
                ('reason', models.TextField()),
                ('portal', models.ForeignKey(db_index=False, default=prm.organizations.context.active_portal_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.portal')),
                ('run', prm.organizations.fence.PortalForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='refusals', to='runs.run')),
            ],
            options={
                'ordering': ['position'],
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['portal', 'requester', '-created_at', '-id'], name='runs_run_of_member'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('status__in', ['waiting', 'running'])), fields=['portal', 'not_before'], name='runs_run_due'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=prm.organizations.fence.Fenced(append_only=False, name='runs_run_fenced'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=prm.organizations.fence.SamePortal('requester', name='runs_run_requester_same_portal'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=prm.organizations.fence.SamePortal('file', name='runs_run_file_same_portal'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(fields=('portal', 'requester', 'token'), name='runs_run_asked_once'),
        ),
        migrations.AddConstraint(
            model_name='refusal',
            constraint=prm.organizations.fence.Fenced(append_only=False, name='runs_refusal_fenced'),
        ),
        migrations.AddConstraint(
            model_name='refusal',
            constraint=prm.organizations.fence.SamePortal('run', name='runs_refusal_run_same_portal'),
        ),
        migrations.AddConstraint(
            model_name='refusal',
            constraint=models.UniqueConstraint(fields=('portal', 'run', 'position'), name='runs_refusal_once'),
        ),
    ]
