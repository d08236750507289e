from django.urls import path

from prm.organizations import views
from prm.serving import assets

app_name = "organizations"
urlpatterns = [
    path("theme.css", assets.style, name="theme"),
    path("logo/<slug:sha256>.png", views.logo, name="logo"),
    path("settings/portal/", views.portal_settings, name="portal"),
    path("organizations/", views.organization_list, name="list"),
    path("organizations/new/", views.organization_new, name="new"),
    path("organizations/activate/", views.activate_many, name="activate_many"),
    path("organizations/deactivate/", views.deactivate_many, name="deactivate_many"),
    path("organizations/tier/", views.tier_many, name="tier_many"),
    path("organizations/managers/", views.managers_many, name="managers_many"),
    path("organizations/<uuid:pk>/", views.organization_detail, name="detail"),
    path("organizations/<uuid:pk>/edit/", views.organization_edit, name="edit"),
]
