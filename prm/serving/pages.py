"""The error pages: HTML for people, problem details for the API."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string

from prm.api.problems import problem
from prm.database.outage import is_outage
from prm.organizations.models import Portal
from prm.serving.logs import current_request_id

RETRY_AFTER = 5  # seconds: a restart of the database takes about that long


def _answer(request: HttpRequest, status: int, title: str, template: str = "", **words: object) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(status, title)
    context = {"request_id": current_request_id(), **words}
    return render(request, template or f"{status}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    return _answer(request, 400, "The request could not be read.")


def not_allowed(request: HttpRequest, methods: list[str]) -> HttpResponse:
    """No person ever sees the page's answer, so it is empty."""
    answer: HttpResponse = HttpResponseNotAllowed(methods)
    if request.path.startswith("/api/"):
        answer = problem(405, "This method is none here.")
        answer["Allow"] = ", ".join(methods)
    return answer


def length_required(request: HttpRequest) -> HttpResponse:
    return _answer(request, 411, "Say how long the body is, in Content-Length.", "400.html")


def too_large(request: HttpRequest, *, most: int = 0) -> HttpResponse:
    """`most` is what is taken, in bytes, where that is known."""
    return _answer(request, 413, "This is too large to be taken.", most=most)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "Your groups do not allow this.")


def viewing_refuses(request: HttpRequest, *, is_personal: bool = False) -> HttpResponse:
    """While somebody views the portal as a member: no change, and nothing that is that person's own."""
    if request.path.startswith("/api/"):
        title = "The API is closed while you view the portal as somebody else."
        return problem(403, title, code="viewing_is_read_only")
    return render(request, "403_viewing.html", {"is_personal": is_personal}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 404, "There is nothing here, or nothing for you.")


def suspended(request: HttpRequest, portal: Portal) -> HttpResponse:
    """Said before anything of the request is looked at, so that it tells every visitor the same."""
    if request.path.startswith("/api/"):
        words = "An operator has suspended this portal. Nothing is lost; try again later."
        response = problem(503, words, code="portal_suspended")
    else:
        response = render(request, "suspended.html", {"name": portal.name}, status=503)
    response["Retry-After"] = "3600"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when it was the database that could not: Django asks while it handles the exception."""
    if is_outage(sys.exception()):
        answer = _plain_answer(request, 503, "The portal cannot reach its database. Try again in a moment.")
        answer["Retry-After"] = str(RETRY_AFTER)
        return answer
    return _plain_answer(request, 500, "Something broke on our side.")


def _plain_answer(request: HttpRequest, status: int, title: str) -> HttpResponse:
    """Without the request's context: what broke may be in there."""
    if request.path.startswith("/api/"):
        return problem(status, title)
    page = render_to_string(f"{status}.html", {"request_id": current_request_id()})
    return HttpResponse(page, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of an earlier session, or somebody else's site. What was typed into our form comes back in it."""
    title = "The form's security token is missing or too old."
    return _comes_back(request) or _answer(request, 403, title, "403_csrf.html")


def _comes_back(request: HttpRequest) -> HttpResponse | None:
    """The form itself, with all that was typed. No other site can forge one: it does not know the stamp in it."""
    from prm.users.access import to_sign_in
    from prm.users.drafts import STAMP, keep_draft, read_stamp

    stamp = read_stamp(request.POST.get(STAMP, "")) if getattr(request, "portal", None) else None
    back = keep_draft(request.POST, action=request.path) if stamp else ""
    member = getattr(request, "membership", None)
    if stamp is None or not back or (member is not None and member.pk != stamp.author):
        return None
    return to_sign_in(request, back) if member is None else HttpResponseRedirect(back)
