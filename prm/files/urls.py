from django.urls import path

from prm.files import views

app_name = "files"
urlpatterns = [path("files/<slug:purpose>/<uuid:pk>/", views.download, name="download")]
