from django.urls import path

from prm.events import views

app_name = "events"
urlpatterns = [
    path("messages/", views.message_list, name="messages"),
    path("messages/read/", views.message_read_all, name="read_all"),
    path("outbox/", views.outbox_list, name="outbox"),
    path("outbox/<str:name>/", views.outbox_mail, name="outbox_mail"),
]
