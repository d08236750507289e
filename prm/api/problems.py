"""Errors as problem details (RFC 9457), the same shape for every kind."""

import json
import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from prm.actions import Duplicate, Gone, Refused, is_duplicate
from prm.serving.logs import current_request_id
from prm.serving.paging import InvalidParameter

NOT_FOUND = "There is nothing here, or nothing for you."

Errors = list[dict[str, str]]


def problem(status: int, detail: str, *, code: str = "", errors: Errors | None = None) -> HttpResponse:
    """An `application/problem+json` answer. `errors` holds `{"pointer" or "parameter", "code", "message"}`.

    `about:blank` as its type says that `title` is the status in words, and `detail` what happened.
    """
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {"code": code or CODES.get(status, "error"), "detail": detail, "request_id": current_request_id()}
    if errors:
        body["errors"] = errors
    # ASCII only: what was wrong with the input may be that it is no text.
    return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")


CODES = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "refused",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
    500: "error",
    503: "unavailable",
    507: "not_stored",
}


def handle(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. What is not foreseen here crashes loudly, as a 500 with its request id."""
    answer = _answer(exc)
    if answer is not None:
        transaction.set_rollback(True)
    return answer


def _answer(exc: Exception) -> HttpResponse | None:
    match exc:
        case Refused():
            return problem(exc.status, str(exc), code=exc.code)
        case IntegrityError() if is_duplicate(exc):
            return _answer(Duplicate())
        case Gone() | Http404() | exceptions.NotFound():
            return problem(404, NOT_FOUND)
        case InvalidParameter():
            errors = [{"parameter": exc.parameter, "code": exc.code, "message": exc.message}]
            return problem(400, f"{exc.parameter}: {exc.message}", code=exc.code, errors=errors)
        case exceptions.ValidationError():
            errors = list(_pointers(exc.get_full_details()))
            return problem(400, "Some fields are not valid.", code=_shared_code(errors), errors=errors)
        case exceptions.ParseError() | BadRequest():
            return problem(400, str(exc), code="malformed_body")
        case DjangoPermissionDenied():
            return problem(403, "Your groups do not allow this.")
        case exceptions.APIException():
            return _with_headers(problem(exc.status_code, str(exc.detail), code=str(exc.get_codes())), exc)
    return None


def _with_headers(answer: HttpResponse, exc: exceptions.APIException) -> HttpResponse:
    if header := getattr(exc, "auth_header", ""):
        answer["WWW-Authenticate"] = header
    if wait := getattr(exc, "wait", None):
        answer["Retry-After"] = str(math.ceil(wait))
    return answer


def _shared_code(errors: Errors) -> str:
    """What is wrong, where all that is wrong is of one kind."""
    kinds = {error["code"] for error in errors}
    return kinds.pop() if len(kinds) == 1 else ""


def _pointers(details: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested details as a flat list with JSON pointers (RFC 6901); "" is the body as a whole."""
    if isinstance(details, list):
        for position, item in enumerate(details):
            nested = isinstance(item, dict) and not _is_leaf(item)
            yield from _pointers(item, f"{path}/{position}" if nested else path)
    elif _is_leaf(details):
        yield {"pointer": path, "code": str(details["code"]), "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, item in details.items():
            part = "" if name == "non_field_errors" else f"/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from _pointers(item, path + part)


def _is_leaf(details: Any) -> bool:
    """One error, and no fields that happen to be named `message` and `code`."""
    return isinstance(details, dict) and isinstance(details.get("message"), str)
