"""G16: an error says what is wrong in one shape, and nothing of what runs here."""

import json
import re
import uuid

import django
import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from prm.api.problems import CODES, handle, problem
from prm.organizations.context import inside
from prm.organizations.models import Tier
from prm.serving.logs import current_request_id
from tests.api.asking import problem_in
from tests.browsing import sign_in
from tests.cast import Cast
from tests.reading import Page

INSIDE = re.compile(
    r"(?i)traceback|line \d+|\.py\b|select |no_such_table|db\.internal|/etc/|no-such-secret|relation|psycopg"
    rf"|postgres|exception|error\(|{re.escape(django.get_version())}"
)


@pytest.mark.parametrize("what", ["database", "file"])
def test_a_500_tells_nothing_but_its_number(cast: Cast, settings: Settings, what: str) -> None:
    settings.ROOT_URLCONF = "tests.abuse.broken"
    client = sign_in(cast.ada)
    client.raise_request_exception = False

    page, api = client.get(f"/broken/{what}/"), client.get(f"/api/v1/broken/{what}/")

    assert (page.status_code, api.status_code) == (500, 500)
    for answer in (page, api):
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        assert not INSIDE.search(head + answer.content.decode())
        assert str(uuid.UUID(answer["X-Request-ID"])) in answer.content.decode()
    assert problem_in(api)["code"] == "error"


@pytest.mark.parametrize("status", CODES)
def test_a_problem_has_a_code_words_and_the_requests_number(status: int) -> None:
    errors = [{"pointer": "", "code": "invalid", "message": "No."}]

    body = problem(status, "What happened.", errors=errors)

    assert body["Content-Type"] == "application/problem+json"
    assert body.status_code == status
    found = json.loads(body.content)
    assert (found["type"], found["status"], found["code"]) == ("about:blank", status, CODES[status])
    assert (found["detail"], found["errors"]) == ("What happened.", errors)
    assert found["title"]
    assert found["request_id"] == current_request_id()


def test_a_unique_key_that_nobody_foresaw_is_a_duplicate_over_the_api(cast: Cast) -> None:
    with inside(cast.acme):
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            Tier.objects.create(name="Gold")
        with transaction.atomic():
            answer = handle(caught.value, {})

    assert answer is not None
    assert (answer.status_code, b'"duplicate"' in answer.content) == (409, True)
    assert not INSIDE.search(answer.content.decode())


def test_a_unique_key_that_nobody_foresaw_is_a_message_on_a_page(cast: Cast, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.abuse.broken"
    client = sign_in(cast.ada)

    answer = client.get("/broken/twice/")

    assert answer.status_code == 302
    assert Page(client.get("/leads/")).toasts == ["There is one like this already."]
