"""The product's addresses and some more, whose pages break over things that must not be told."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from prm import urls
from prm.organizations.models import Tier
from prm.users.access import PageRequest, member_page, public_page

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@public_page("for tests")
def ask_for_nothing(request: HttpRequest) -> HttpResponse:
    """An error of the database names the statement."""
    connection.cursor().execute("SELECT secret FROM no_such_table WHERE host = 'db.internal'")
    raise AssertionError


@public_page("for tests")
def open_nothing(request: HttpRequest) -> HttpResponse:
    """An error of the system names the path."""
    with open("/etc/prm/no-such-secret"):
        raise AssertionError


@member_page()
def write_twice(request: PageRequest) -> HttpResponse:
    """What an action does that has forgotten `unique`."""
    Tier.objects.create(name="Gold")
    raise AssertionError


PAGES = [
    path("broken/database/", ask_for_nothing),
    path("broken/file/", open_nothing),
    path("broken/twice/", write_twice),
]
urlpatterns = [*PAGES, *(path(f"api/v1/{page.pattern}", page.callback) for page in PAGES), *urls.urlpatterns]
