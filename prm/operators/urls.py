from django.contrib import admin
from django.urls import include, path

from prm.operators import entrance
from prm.serving import assets

urlpatterns = [
    path("admin/sign-in/", entrance.sign_in, name="account_login"),
    path("admin/code/", entrance.code, name="mfa_authenticate"),
    path("admin/sign-out/", entrance.sign_out, name="account_logout"),
    path("admin/script.js", assets.script, name="script"),
    path("admin/", include(([path("theme.css", assets.style, name="theme")], "organizations"))),
    path("admin/", admin.site.urls),
]

handler400 = "prm.serving.pages.bad_request"
handler403 = "prm.serving.pages.permission_denied"
handler404 = "prm.serving.pages.not_found"
handler500 = "prm.serving.pages.server_error"
