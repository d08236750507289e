from django.urls import path

from prm.runs import views

app_name = "runs"
urlpatterns = [
    path("runs/", views.run_list, name="list"),
    path("runs/export/<slug:name>/", views.export, name="export"),
    path("runs/<uuid:pk>/", views.run_detail, name="detail"),
    path("runs/<uuid:pk>/cancel/", views.run_cancel, name="cancel"),
    path("runs/<uuid:pk>/undo/", views.run_undo, name="undo"),
    path("runs/<uuid:pk>/file/", views.run_file, name="file"),
    path("runs/<uuid:pk>/refusals/", views.run_refusals, name="refusals"),
]
