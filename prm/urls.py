"""Every address. `lead` as a path converter comes from leads.urls, so that stands before deals."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from deals.api import ConvertibleLeadViewSet, DealViewSet
from leads.file_api import LeadFileViewSet
from prm.home.views import front_door
from prm.organizations.api import OrganizationViewSet
from prm.runs.api import ExportViewSet, RunViewSet
from prm.serving import assets, wellknown
from prm.users.api import UserViewSet
from prm.users.urls import account

api = SimpleRouter()
api.register("leads", ConvertibleLeadViewSet, basename="lead")
api.register(r"leads/(?P<lead>[^/.]+)/files", LeadFileViewSet, basename="lead-file")
api.register("deals", DealViewSet, basename="deal")
api.register("organizations", OrganizationViewSet, basename="organization")
api.register("users", UserViewSet, basename="user")
api.register("exports", ExportViewSet, basename="export")
api.register("runs", RunViewSet, basename="run")
schema = SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[AllowAny])

urlpatterns = [
    path("", front_door, name="home"),
    path(".well-known/security.txt", wellknown.security_txt, name="security_txt"),
    path("script.js", assets.script, name="script"),
    path("robots.txt", wellknown.robots_txt, name="robots_txt"),
    path("security/", wellknown.security_policy, name="security_policy"),
    path("accounts/", include(account)),
    path("", include("prm.home.urls")),
    path("", include("prm.organizations.urls")),
    path("", include("prm.users.urls")),
    path("", include("prm.sso.urls")),
    path("", include("prm.events.urls")),
    path("", include("prm.lists.urls")),
    path("", include("prm.files.urls")),
    path("", include("prm.runs.urls")),
    path("", include("prm.search.urls")),
    path("", include("leads.urls")),
    path("", include("deals.urls")),
    path("api/v1/schema/", schema, name="schema"),
    path("api/v1/", include((api.urls, "api"))),
]

handler400 = "prm.serving.pages.bad_request"
handler403 = "prm.serving.pages.permission_denied"
handler404 = "prm.serving.pages.not_found"
handler500 = "prm.serving.pages.server_error"
