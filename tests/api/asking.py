"""The API as a test calls it, and how its errors read.

Every answer that a `Caller` gets is held against the API's own promises: what succeeds fits the OpenAPI
description, what fails is a problem detail (RFC 9457) of one shape. A 500 is never expected.
"""

import re
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft4Validator  # type: ignore[import-untyped]

from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests.browsing import Answer, Api, sign_in

T = TypeVar("T")

MEMBERS_OF_A_PROBLEM = {"type", "title", "status", "code", "detail", "request_id"}


def made(make: Callable[..., T], by: Membership, *args: Any, **values: Any) -> T:
    """What one of tests/factories.py makes, inside the portal of `by`."""
    with inside(by.portal):
        return make(by, *args, **values)


class Caller(Api):
    """One member at the API; checks every answer, and expects no 500."""

    def __init__(self, member: Membership | None, *, portal: Portal | None = None, scope: str = "write") -> None:
        super().__init__(member, portal=portal, scope=scope)
        self.client.raise_request_exception = False

    def get(self, path: str, **parameters: Any) -> Answer:
        return checked(super().get(path, **parameters), "get", path)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return checked(super().send(method, path, body, **headers), method, path)

    def at(self, url: str) -> Answer:
        """What is at an absolute address or one with a hand-written query string."""
        answer: Answer = self.client.get(url, headers=self.headers)
        return checked(answer, "get", url.partition("/api/v1/")[2].partition("?")[0])


def browser_of(member: Membership) -> Client:
    """A signed-in browser that checks CSRF, with a token in its jar."""
    client = Client(headers={"host": f"{member.portal.slug}.localhost:8000"}, enforce_csrf_checks=True)
    client.cookies = sign_in(member).cookies
    client.get("/profile/")
    assert "csrftoken" in client.cookies
    return client


def checked(answer: Answer, method: str, path: str) -> Answer:
    """The answer itself, once it is what the API promises. A redirect or a 500 is not."""
    status = answer.status_code
    assert 200 <= status < 300 or 400 <= status < 500, (method, path, status, answer.content[:500])
    if status >= 400:
        problem_in(answer)
        assert_error_described(method, path, status, answer.json())
    else:
        assert_described(method, path, status, answer.json() if answer.content else None)
    return answer


def problem_in(answer: Answer) -> dict[str, Any]:
    """The problem detail of an error, after looking at its shape."""
    assert answer["Content-Type"] == "application/problem+json", (answer.status_code, answer.content[:300])
    problem: dict[str, Any] = answer.json()
    assert problem.keys() - {"errors"} == MEMBERS_OF_A_PROBLEM
    assert problem["status"] == answer.status_code
    assert all(isinstance(problem[name], str) and problem[name] for name in MEMBERS_OF_A_PROBLEM - {"status"})
    assert re.fullmatch(r"[a-z_]+", problem["code"]), problem["code"]
    assert problem["request_id"] == answer["X-Request-ID"] == str(uuid.UUID(problem["request_id"]))
    for error in problem.get("errors", []):
        (place,) = error.keys() - {"code", "message"}
        assert place in {"pointer", "parameter"}
        assert re.fullmatch(r"[a-z_]+", error["code"]), error
        assert error["message"]
        assert place == "parameter" or re.fullmatch(r"(/.*)?", error["pointer"], re.DOTALL), error
    return problem


def faults(answer: Answer, status: int = 400) -> dict[str, str]:
    """What a refusal with `status` names: `{pointer or parameter: code}`."""
    problem = problem_in(answer)
    assert problem["status"] == status, problem
    return {e.get("pointer", e.get("parameter")): e["code"] for e in problem.get("errors", [])}


def code_of(answer: Answer, status: int) -> str:
    """The `code` of a refusal with `status`."""
    problem = problem_in(answer)
    assert problem["status"] == status, problem
    return str(problem["code"])


def without_id(answer: Answer) -> dict[str, Any]:
    """A problem without its request id: two of them are equal if and only if they tell the same."""
    return {name: value for name, value in problem_in(answer).items() if name != "request_id"}


# --- The OpenAPI description ------------------------------------------------------------------------


@cache
def description() -> dict[str, Any]:
    """The API's own description, as `/api/v1/schema/` serves it."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def assert_described(method: str, path: str, status: int, body: Any) -> None:
    """The body is what the description says of this address, with no field beyond it."""
    if method in {"options", "head"}:
        return
    template = _template_of("/api/v1/" + path.partition("?")[0])
    assert template is not None, f"The description does not know {path}."
    validator = _validator(method, template, status)
    if validator is None:
        assert body is None
        return
    errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(body)]
    assert not errors, (method, path, errors)


def assert_error_described(method: str, path: str, status: int, body: Any) -> None:
    """The operation says that it may answer so. What is no operation is not described: 404 or 405."""
    operations = description()["paths"].get(_template_of("/api/v1/" + path.partition("?")[0]) or "", {})
    if method not in operations:
        assert status in {401, 404, 405} or method in {"head", "options"}, (method, path, status)
        return
    assert str(status) in operations[method]["responses"], (method, path, status)
    errors = list(_problem_validator().iter_errors(body))
    assert not errors, errors


@cache
def _problem_validator() -> Any:
    return Draft4Validator(_strict(description()["components"]["schemas"]["Problem"]))


@cache
def _validator(method: str, template: str, status: int) -> Any:
    """Looks at the bodies of one kind of answer; None where there is no body."""
    described = description()["paths"][template][method]["responses"][str(status)]
    if "content" not in described:
        return None
    schema = _strict(described["content"]["application/json"]["schema"])
    return Draft4Validator({**schema, "components": _strict(description()["components"])})


def _template_of(path: str) -> str | None:
    for template in description()["paths"]:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return str(template)
    return None


def _strict(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a type, and an object has no fields but its own.

    `oneOf` becomes `anyOf`, since the validator does not know the formats by which the branches differ.
    """
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _strict(part) for name, part in schema.items() if name != "nullable"}
    if "oneOf" in found:
        found["anyOf"] = found.pop("oneOf")
    if found.get("type") == "object" and "properties" in found:
        found.setdefault("additionalProperties", False)
    if schema.get("nullable") is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found
