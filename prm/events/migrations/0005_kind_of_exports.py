from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0004_kinds_of_accounts_and_portals'),
    ]

    operations = [
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('portal_created', 'Portal created'), ('portal_suspended', 'Portal suspended'), ('portal_resumed', 'Portal opened again'), ('organization_created', 'Organization created'), ('organization_changed', 'Organization changed'), ('member_invited', 'Person invited'), ('member_joined', 'Invitation accepted'), ('member_changed', 'Person changed'), ('member_disabled', 'Person disabled'), ('member_enabled', 'Person enabled'), ('password_reset_asked', 'Password reset asked for'), ('password_changed', 'Password changed'), ('second_factor_on', 'Second factor set up'), ('second_factor_off', 'Second factor removed'), ('recovery_codes_made', 'Recovery codes made'), ('recovery_code_used', 'Recovery code used'), ('signed_in_on_new_device', 'Signed in on a new device'), ('sign_in_slowed', 'Many wrong passwords or codes'), ('sessions_ended', 'Sessions ended'), ('email_change_asked', 'New e-mail address asked for'), ('email_change_to_confirm', 'New e-mail address to be confirmed'), ('email_changed', 'E-mail address changed'), ('api_key_exposed', 'API key sent in an address'), ('api_key_created', 'API key created'), ('api_key_revoked', 'API key revoked'), ('viewing_begun', 'Viewing as a person begun'), ('viewing_ended', 'Viewing as a person ended'), ('settings_changed', 'Settings changed'), ('sso_linked', 'Single sign-on used for the first time'), ('sso_refused', 'Single sign-on refused'), ('lead_created', 'Lead created'), ('lead_changed', 'Lead changed'), ('lead_assigned', 'Lead assigned'), ('lead_recalled', 'Lead recalled'), ('lead_opened', 'Lead opened'), ('lead_handed_over', 'Lead handed over to a colleague'), ('lead_commented', 'Comment'), ('lead_activity', 'Activity'), ('lead_lost', 'Lead closed as lost'), ('lead_won', 'Lead closed as won'), ('lead_converted', 'Lead converted to a deal'), ('lead_reopened', 'Lead re-opened'), ('deal_registered', 'Deal registered'), ('deal_changed', 'Deal changed'), ('deal_withdrawn', 'Deal withdrawn'), ('delivery_resent', 'Notice sent again'), ('list_exported', 'List exported'), ('notifications_changed', 'Notifications changed')], max_length=30),
        ),
    ]
