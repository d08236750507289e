import django.db.models.deletion
import django.db.models.functions.datetime
import prm.organizations.context
import prm.organizations.fence
import prm.organizations.ids
from django.db import migrations, models


FILL = """
    UPDATE events_delivery SET
        parcel = events_delivery.id,
        lane = channel || ':' || replace(recipient_id::text, '-', '') || ':' || replace(subject_id::text, '-', ''),
        queued_at = at,
        lease_until = CASE status WHEN 'claimed' THEN statement_timestamp() END
    FROM events_event
    WHERE events_event.portal_id = events_delivery.portal_id AND events_event.id = event_id
"""


class Migration(migrations.Migration):
    """Deliveries keep their order, travel together, and lean on the database's clock."""


    dependencies = [
        ('events', '0002_grants'),
        ('organizations', '0002_grants'),
        ('users', '0002_grants'),
    ]

    operations = [
        migrations.CreateModel(
            name='NotificationChoice',
            fields=[
                ('id', models.UUIDField(default=prm.organizations.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('by_kind', models.JSONField(default=dict)),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('membership', prm.organizations.fence.PortalForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='users.membership')),
                ('portal', models.ForeignKey(db_index=False, default=prm.organizations.context.active_portal_id, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.portal')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.RemoveField(
            model_name='delivery',
            name='claimed_at',
        ),
        migrations.AddField(
            model_name='delivery',
            name='is_collected',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='delivery',
            name='lane',
            field=models.CharField(default='', max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='delivery',
            name='lease_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='delivery',
            name='losses',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='delivery',
            name='parcel',
            field=models.UUIDField(default='00000000-0000-0000-0000-000000000000'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='delivery',
            name='queued_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='delivery',
            name='resends',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='message',
            name='count',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='not_before',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='status',
            field=models.CharField(choices=[('pending', 'Queued'), ('claimed', 'Being sent'), ('sent', 'Sent'), ('bounced', 'Bounced'), ('cancelled', 'No longer needed'), ('dead', 'Given up'), ('held', 'Held after a restore')], default='pending', max_length=10),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('portal_created', 'Portal created'), ('organization_created', 'Organization created'), ('organization_changed', 'Organization changed'), ('member_invited', 'Person invited'), ('member_joined', 'Invitation accepted'), ('member_changed', 'Person changed'), ('member_disabled', 'Person disabled'), ('member_enabled', 'Person enabled'), ('password_reset_asked', 'Password reset asked for'), ('api_key_created', 'API key created'), ('api_key_revoked', 'API key revoked'), ('settings_changed', 'Settings changed'), ('lead_created', 'Lead created'), ('lead_changed', 'Lead changed'), ('lead_assigned', 'Lead assigned'), ('lead_recalled', 'Lead recalled'), ('lead_opened', 'Lead opened'), ('lead_handed_over', 'Lead handed over to a colleague'), ('lead_commented', 'Comment'), ('lead_activity', 'Activity'), ('lead_lost', 'Lead closed as lost'), ('lead_won', 'Lead closed as won'), ('lead_converted', 'Lead converted to a deal'), ('lead_reopened', 'Lead re-opened'), ('deal_registered', 'Deal registered'), ('deal_changed', 'Deal changed'), ('deal_withdrawn', 'Deal withdrawn'), ('delivery_resent', 'Notice sent again'), ('notifications_changed', 'Notifications changed')], max_length=30),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status__in', ['pending', 'claimed'])), fields=['portal', 'lane', 'queued_at'], name='events_delivery_lane'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['portal', 'parcel'], name='events_delivery_parcel'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['portal', 'channel', 'queued_at', 'id'], name='events_delivery_log'),
        ),
        migrations.AddConstraint(
            model_name='notificationchoice',
            constraint=prm.organizations.fence.Fenced(append_only=False, name='events_notificationchoice_fenced'),
        ),
        migrations.AddConstraint(
            model_name='notificationchoice',
            constraint=prm.organizations.fence.SamePortal('membership', name='events_notificationchoice_membership_same_portal'),
        ),
        migrations.AddConstraint(
            model_name='notificationchoice',
            constraint=models.UniqueConstraint(fields=('portal', 'membership'), name='events_notificationchoice_once'),
        ),
    ]
