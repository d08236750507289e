"""Settings > Portal: name, colours and logo, seen at once by everybody."""

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prm.actions import Refused
from prm.events.models import Event
from prm.files.models import StoredFile
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.organizations.portals import change_portal
from prm.users.models import Membership
from tests.browsing import Answer, visitor
from tests.cast import Cast
from tests.populate import LOGO
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
PATH = "/settings/portal/"
FIELDS = {"name": "Acme", "brand": "#4f46e5", "hue": "270"}


@pytest.fixture(autouse=True)
def _files(files: object) -> None:
    """Each test has an empty store."""


def send(client: Client, **fields: object) -> Answer:
    answer: Answer = client.post(PATH, {**FIELDS, **fields})
    return answer


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("ours.png", LOGO, content_type="image/png")


def test_change_portal_is_seen_and_recorded(cast: Cast, client_of: ClientOf) -> None:
    answer = send(client_of(cast.ada), name="Acme Robotics", brand="#0e7490", hue="200")

    assert (answer.status_code, answer["Location"]) == (302, PATH)
    assert visitor(cast.acme).get("/theme.css").content.decode().endswith(":root{--brand:#0e7490;--hue:200}")
    assert "Sign in · Acme Robotics" in visitor(cast.acme).get("/accounts/login/").content.decode()
    with inside(cast.acme):
        event = Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).latest("at")
        values = {(value.field, value.old, value.new) for value in event.values.all()}
    assert (event.actor_id, event.changed_fields) == (cast.ada.pk, ["brand", "hue", "name"])
    assert ("name", "Acme", "Acme Robotics") in values
    assert Portal.objects.get(slug="globex").brand == cast.globex.brand


def test_change_portal_that_changes_nothing_records_nothing(cast: Cast, client_of: ClientOf) -> None:
    with inside(cast.acme):
        before = Event.objects.count()

    send(client_of(cast.ada), brand=cast.acme.brand, hue=cast.acme.hue)

    with inside(cast.acme):
        assert Event.objects.count() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 121), ("brand", "red"), ("brand", "#FFF"), ("hue", "361"), ("hue", "-1")],
)
def test_change_portal_refuses_nonsense_and_keeps_what_was_typed(
    cast: Cast, client_of: ClientOf, field: str, value: str
) -> None:
    answer = send(client_of(cast.ada), **{"name": "Typed", field: value})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert field == "name" or 'value="Typed"' in answer.content.decode()
    assert Portal.objects.get(slug="acme").name == "Acme"


def test_logo_is_shown_to_everybody_who_knows_the_address(cast: Cast, client_of: ClientOf) -> None:
    send(client_of(cast.ada), logo=upload())

    sign_in = Page(visitor(cast.acme).get("/accounts/login/"))
    (source,) = [image.attributes["src"] for image in sign_in.root.all("img", css="logo")]
    shown = visitor(cast.acme).get(source)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert shown["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "session" not in shown.cookies
    assert visitor(cast.globex).get(source).status_code == 404
    assert visitor(None).get(source).status_code == 404
    assert source in client_of(cast.ben).get("/leads/").content.decode()


def test_logo_is_replaced_and_the_earlier_one_is_gone(
    cast: Cast, client_of: ClientOf, files: object, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    client = client_of(cast.ada)
    send(client, logo=upload())
    earlier = Portal.objects.get(slug="acme").logo

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        send(client, without_logo="on")

    assert Portal.objects.get(slug="acme").logo == ""
    assert visitor(cast.acme).get(f"/logo/{earlier}.png").status_code == 404
    assert [path for path in files.rglob("*") if path.is_file()] == []  # type: ignore[attr-defined]
    with inside(cast.acme):
        assert not StoredFile.objects.exists()
        kinds = Event.objects.filter(kind=Event.Kind.SETTINGS_CHANGED).values_list("changed_fields", flat=True)
        assert [fields for fields in kinds if "logo" in fields] == [["logo"], ["logo"]]


@pytest.mark.parametrize("name", ["nothing", "0" * 64, ""])
def test_logo_of_another_name_is_not_there(cast: Cast, name: str) -> None:
    """Nor is the empty one of a portal without a logo."""
    assert visitor(cast.acme).get(f"/logo/{name}.png").status_code == 404


@pytest.mark.parametrize("name", ["vic", "bea", "ben", "dora"])
def test_change_portal_is_for_administrators(cast: Cast, name: str) -> None:
    member: Membership = getattr(cast, name)

    with inside(cast.acme), pytest.raises(Refused, match="groups do not allow"):
        change_portal(values={"name": "Mine"}, by=member)


def test_settings_are_found_by_whoever_has_some(cast: Cast, client_of: ClientOf) -> None:
    page = client_of(cast.ada).get(PATH).content.decode()

    assert 'href="/settings/portal/" aria-current="page"' in page
    assert 'href="/settings/lead-distribution/"' in page
    assert "/settings/" not in client_of(cast.ben).get("/leads/").content.decode()
