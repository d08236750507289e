from django.urls import path

from prm.home import installing, views

app_name = "home"
urlpatterns = [
    path("help/<slug:topic>/", views.help_page, name="help"),
    path("first-steps/put-away/", views.put_away, name="put_away"),
    path("manifest.webmanifest", installing.manifest, name="manifest"),
    path("icon/<slug:colour>/<int:size>.png", installing.icon, name="icon"),
    path("icon/<slug:colour>.svg", installing.favicon, name="favicon"),
]
