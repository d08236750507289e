"""What strangers and robots look for on every host, whatever portal it shows."""

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from prm.users.access import public_page

GOOD_FOR = timedelta(days=180)  # RFC 9116, 2.5.5: less than a year, so that it is looked at now and then
ANYWHERE = "public, max-age=3600"


@public_page("where to report a security problem (RFC 9116)")
def security_txt(request: HttpRequest) -> HttpResponse:
    """404 until PRM_SECURITY_CONTACT says whom to ask: a contact that nobody reads would be worse."""
    contact = settings.PRM_SECURITY_CONTACT
    if not contact:
        raise Http404
    expires = datetime.combine((timezone.now() + GOOD_FOR).date(), time.min, UTC)
    lines = {
        "Contact": contact if ":" in contact else f"mailto:{contact}",
        "Expires": expires.isoformat().replace("+00:00", "Z"),
        "Preferred-Languages": "en",  # of those who answer, not of the portal
        "Canonical": request.build_absolute_uri("/.well-known/security.txt"),
        "Policy": request.build_absolute_uri("/security/"),
    }
    return _text("".join(f"{name}: {value}\n" for name, value in lines.items()))


@public_page("how to report a security problem, and what whoever does can expect")
def security_policy(request: HttpRequest) -> HttpResponse:
    contact = settings.PRM_SECURITY_CONTACT
    return render(request, "security_policy.html", {"contact": contact.removeprefix("mailto:")})


@public_page("nothing here is for search engines")
def robots_txt(request: HttpRequest) -> HttpResponse:
    return _text("User-agent: *\nDisallow: /\n")


def _text(text: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = ANYWHERE
    return response
