"""What every operation of the API says of itself in the OpenAPI description, beyond its own fields."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from prm.api.authentication import KeyAuthentication, PortalSession
from prm.api.problems import CODES

SAYS = {
    400: "A field or parameter is not valid, or the body could not be read.",
    401: "Nobody is signed in, or the key is not known.",
    403: "The key may only read, or the member's groups do not allow this.",
    404: "There is nothing here, or nothing for you.",
    406: "Answers are JSON only.",
    409: "Refused in the record's present state, changed by somebody else meanwhile, or there already.",
    413: "The body is too large.",
    415: "Bodies are JSON; of what brings a file, multipart/form-data.",
    429: "Too much was asked with this key, or by this person, in the present minute.",
    507: "The disk did not take the file; nothing was changed.",
}
WRITES = frozenset({403, 409, 413, 415})
TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "What went wrong, as a problem detail (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {**TEXT, "format": "uri-reference", "description": "Always about:blank."},
        "title": {**TEXT, "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {
            **TEXT,
            "pattern": "^[a-z_]+$",
            "description": "For programs: "
            + ", ".join(sorted({*CODES.values(), "duplicate", "insufficient_scope", "stale_version"}))
            + ", or what all the errors have in common, such as unknown_field.",
        },
        "detail": {**TEXT, "description": "For people."},
        "request_id": {"type": "string", "format": "uuid"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "pointer": {**TEXT, "description": "A JSON pointer into the body; empty for the whole of it."},
                    "parameter": {**TEXT, "description": "A query parameter or header."},
                    "code": {**TEXT, "pattern": "^[a-z_]+$"},
                    "message": TEXT,
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds until the next minute begins.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "maximum": 60},
    }
}
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
    OpenApiParameter.HEADER,
    description="The version you have read, in quotes, as the ETag had it.",
)


class PortalSchema(AutoSchema):
    """Adds, to what the serializers say, the errors that an operation may answer with, and If-Match."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            for status in self._errors():
                operation["responses"][str(status)] = self._problem(status)
        return operation

    def get_override_parameters(self) -> list[Any]:
        return [*super().get_override_parameters(), *([IF_MATCH] if self.method == "PATCH" else [])]

    def _errors(self) -> Iterator[int]:
        for status in SAYS:
            if status in WRITES and self.method == "GET":
                continue
            if status == 404 and not (
                getattr(self.view, "detail", False) or getattr(self.view, "is_within_a_row", False)
            ):
                continue
            if status == 507 and not (getattr(self.view, "takes_files", False) and self.method == "POST"):
                continue
            yield status

    def _problem(self, status: int) -> dict[str, Any]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            "Problem", ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        said = {"description": SAYS[status], "content": {"application/problem+json": {"schema": component.ref}}}
        return {**said, "headers": RETRY_AFTER} if status == 429 else said


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = PortalSession
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        words = "A signed-in browser; what it writes carries X-CSRFToken."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": words}
