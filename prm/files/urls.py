from django.urls import path

from prm.files import views

app_name = "files"
urlpatterns = [path("files/logos/<uuid:pk>/", views.logo, name="logo")]
