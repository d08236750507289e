from django.urls import path

from prm.lists import views

app_name = "lists"
urlpatterns = [
    path("views/", views.view_list, name="views"),
    path("views/new/", views.view_new, name="new"),
    path("views/columns/", views.columns, name="columns"),
    path("views/<uuid:pk>/", views.view_show, name="view"),
    path("views/<uuid:pk>/edit/", views.view_edit, name="edit"),
    path("views/<uuid:pk>/keep/", views.view_keep, name="keep"),
    path("views/<uuid:pk>/default/", views.view_default, name="default"),
    path("views/<uuid:pk>/delete/", views.view_delete, name="delete"),
]
