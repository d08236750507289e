from django.urls import path

from prm.events.views import development, mail_log, messages, notifications, operations

app_name = "events"
urlpatterns = [
    path("messages/", messages.message_list, name="messages"),
    path("messages/read/", messages.message_read_all, name="read_all"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("unsubscribe/<str:token>/", notifications.unsubscribe, name="unsubscribe"),
    path("operations/", operations.operations, name="operations"),
    path("operations/mail/", mail_log.mail_log, name="mail_log"),
    path("operations/mail/retry/", mail_log.mail_retry, name="mail_retry"),
    path("operations/mail/resend/", mail_log.mail_resend_many, name="resend_many"),
    path("operations/mail/<uuid:pk>/resend/", mail_log.mail_resend, name="mail_resend"),
    path("outbox/", development.outbox_list, name="outbox"),
    path("outbox/<str:name>/", development.outbox_mail, name="outbox_mail"),
]
