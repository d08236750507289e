"""The product's addresses and one more, whose page breaks: for the tests of what happens then."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from leads.actions import create_lead
from prm import urls
from prm.users.access import public_page

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@public_page("for tests")
def break_down(request: HttpRequest, **kwargs: str) -> HttpResponse:
    """Writes, and then breaks over something that names its input."""
    create_lead(values={"company": "Half done"}, by=None)
    raise RuntimeError("out of order")


urlpatterns = [
    path("broken/", break_down),
    path("invitations/<str:token>/broken/", break_down),
    path("api/v1/broken/", break_down),
    *urls.urlpatterns,
]
