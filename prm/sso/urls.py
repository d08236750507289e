from django.urls import path

from prm.sso.views import entrance, settings

app_name = "sso"
urlpatterns = [
    path("accounts/sso/<slug:slug>/login/", entrance.login, name="login"),
    path("accounts/sso/<slug:slug>/callback/", entrance.callback, name="callback"),
    path("accounts/sso/<slug:slug>/acs/", entrance.acs, name="acs"),
    path("accounts/sso/<slug:slug>/finish/", entrance.finish, name="finish"),
    path("accounts/sso/<slug:slug>/metadata/", entrance.metadata, name="metadata"),
    path("settings/single-sign-on/", settings.overview, name="settings"),
    path("settings/single-sign-on/new/openid/", settings.new, {"protocol": "oidc"}, name="new_openid"),
    path("settings/single-sign-on/new/saml/", settings.new, {"protocol": "saml"}, name="new_saml"),
    path("settings/single-sign-on/<uuid:pk>/", settings.provider, name="provider"),
    path("settings/single-sign-on/<uuid:pk>/test/", settings.test, name="test"),
    path("settings/single-sign-on/<uuid:pk>/use/", settings.use, name="use"),
    path("settings/single-sign-on/<uuid:pk>/stop/", settings.stop, name="stop"),
    path("settings/single-sign-on/<uuid:pk>/remove/", settings.remove, name="remove"),
]
