"""The API's OpenAPI description: served, valid, complete."""

from io import StringIO
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from deals.lists import DEALS
from deals.models import Deal
from leads.lists import LEADS
from leads.models import DETAIL_FIELDS
from leads.states import Status
from prm.organizations.lists import ORGANIZATIONS
from prm.runs.lists import EXPORTS, RUNS
from prm.users.lists import PEOPLE
from tests.api.asking import code_of, description
from tests.browsing import visitor
from tests.cast import Cast

OPERATIONS = {
    "/api/v1/leads/": {"get", "post"},
    "/api/v1/leads/{id}/": {"get", "patch"},
    **{
        f"/api/v1/leads/{{id}}/{verb}/": {"post"}
        for verb in ("assign", "recall", "open", "close", "convert", "reopen", "comment", "activity")
    },
    "/api/v1/leads/{lead}/files/": {"get", "post"},
    "/api/v1/leads/{lead}/files/{id}/": {"get", "delete"},
    "/api/v1/deals/": {"get"},
    "/api/v1/deals/{id}/": {"get", "patch"},
    **{f"/api/v1/deals/{{id}}/{verb}/": {"post"} for verb in ("move", "win", "lose", "reopen")},
    "/api/v1/organizations/": {"get", "post"},
    "/api/v1/organizations/{id}/": {"get", "patch"},
    "/api/v1/users/": {"get", "post"},
    "/api/v1/users/{id}/": {"get", "patch"},
    "/api/v1/exports/": {"get", "post"},
    "/api/v1/exports/{id}/": {"get"},
    "/api/v1/exports/{id}/file/": {"get"},
    "/api/v1/runs/": {"get"},
    "/api/v1/runs/{id}/": {"get"},
    "/api/v1/runs/{id}/refusals/": {"get"},
    **{f"/api/v1/runs/{{id}}/{verb}/": {"post"} for verb in ("cancel", "undo")},
}
LISTS = {
    "/api/v1/leads/": LEADS,
    "/api/v1/deals/": DEALS,
    "/api/v1/organizations/": ORGANIZATIONS,
    "/api/v1/users/": PEOPLE,
    "/api/v1/runs/": RUNS,
    "/api/v1/exports/": EXPORTS,
}


def component(name: str) -> dict[str, Any]:
    found: dict[str, Any] = description()["components"]["schemas"][name]["properties"]
    return found


def test_the_schema_is_valid_and_made_without_a_warning() -> None:
    printed = StringIO()

    call_command("spectacular", "--validate", "--fail-on-warn", stdout=printed)

    validate_schema(yaml.safe_load(printed.getvalue()))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("host", ["acme", "bare host"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.oai.openapi"])
def test_the_schema_is_served_to_anybody(cast: Cast, host: str, accept: str) -> None:
    client = visitor(cast.acme if host == "acme" else None)

    answer = client.get("/api/v1/schema/", headers={"Accept": accept})

    served = yaml.safe_load(answer.content)
    assert (answer.status_code, served["info"]["title"]) == (200, "Partner portal API")
    assert served["paths"].keys() == OPERATIONS.keys()


def test_the_schema_names_each_path_and_verb() -> None:
    assert {path: set(verbs) for path, verbs in description()["paths"].items()} == OPERATIONS


def test_the_schema_names_the_fields_of_leads_and_deals() -> None:
    lead = description()["paths"]["/api/v1/leads/"]["post"]
    sent, shown = (
        name.rpartition("/")[2]
        for name in (
            lead["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            lead["responses"]["201"]["content"]["application/json"]["schema"]["$ref"],
        )
    )
    assert set(DETAIL_FIELDS) | {"version"} == component(sent).keys()
    assert {*DETAIL_FIELDS, "number", "status", "is_withheld", "deal"} <= component(shown).keys()
    deal = {"name", "amount", "currency", "stage", "close_date", "next_step", "description"}
    assert {*deal, "number"} <= component("Deal").keys()
    assert {*deal, "account", "contact"} == component("ConvertRequest").keys()


def test_the_schema_names_the_bodies_of_the_verbs() -> None:
    assert component("AssignRequest").keys() == {"organization", "user"}
    assert component("CloseRequest").keys() == {"outcome", "reason"}
    assert component("CommentRequest").keys() == {"text", "is_internal"}
    assert component("ActivityRequest").keys() == {"kind", "outcome", "note", "happened_at"}


@pytest.mark.parametrize("path", LISTS)
def test_the_schema_describes_each_list(path: str) -> None:
    operation = description()["paths"][path]["get"]

    names = {parameter["name"] for parameter in operation["parameters"]}
    filters = {name for each in LISTS[path].every_filter for name in each.names}
    assert names - {"search"} == filters | {"ordering", "cursor", "page_size"}
    assert ("search" in names) == bool(LISTS[path].search_label)
    (content,) = operation["responses"]["200"]["content"].values()
    page = description()["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    assert page["properties"].keys() == {"results", "next", "previous"}


def test_the_schema_says_what_each_kind_of_filter_takes() -> None:
    """One of each kind, so that a program knows what to send, and what may be given several times."""
    described = {each["name"]: each for each in description()["paths"]["/api/v1/leads/"]["get"]["parameters"]}
    types = {name: each["schema"] for name, each in described.items()}

    assert types["city"] == {"type": "string", "maxLength": 200}
    assert types["status"] == {"type": "array", "items": {"type": "string", "enum": list(Status.values)}}
    assert types["waits"]["items"]["enum"] == ["unopened", "quiet", "follow_up"]
    assert types["internal_notes"] == {"type": "string", "enum": ["yes", "no"]}
    assert types["budget_from"] == types["budget_to"] == {"type": "number"}
    assert "last_7_days" in types["created"]["enum"]
    assert types["created_from"] == {"type": "string", "format": "date"}
    assert types["city_is"] == {"type": "string", "enum": ["empty", "filled"]}
    assert types["organization"]["items"] == {"type": "string", "format": "uuid"}
    assert {"type": "string", "enum": ["me"]} in types["assignee"]["items"]["oneOf"]
    assert {"AT", "DE"} <= set(types["country"]["items"]["enum"])
    assert [each["explode"] for each in described.values() if each["schema"]["type"] == "array"] == [True] * 8
    assert "400" in described["internal_notes"]["description"]
    assert "400" not in described["city"]["description"]


def test_the_schema_names_both_ways_of_signing_in() -> None:
    schemes = description()["components"]["securitySchemes"]

    assert (schemes["key"]["type"], schemes["key"]["scheme"]) == ("http", "bearer")
    assert (schemes["session"]["type"], schemes["session"]["in"]) == ("apiKey", "cookie")


def test_the_schema_tells_nothing_of_any_portal(cast: Cast) -> None:
    answer = visitor(cast.acme).get("/api/v1/schema/")

    assert all(name not in answer.content.decode() for name in ("acme", "Acme", "globex", str(cast.acme.pk)))


def test_the_schema_in_another_format_is_not_acceptable(cast: Cast) -> None:
    answer = visitor(cast.acme).get("/api/v1/schema/", headers={"Accept": "text/html"})

    assert code_of(answer, 406) == "not_acceptable"


def test_statuses_in_the_schema_are_those_of_the_models() -> None:
    enums = {
        tuple(schema["enum"]) for schema in description()["components"]["schemas"].values() if "enum" in schema
    }

    assert {tuple(Status.values), tuple(Deal.Status.values)} <= enums
