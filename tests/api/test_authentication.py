"""Who may call the API: the session with its CSRF token, and keys."""

import hashlib
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import Lead
from prm.organizations.actions import update_organization
from prm.organizations.context import inside
from prm.organizations.models import Portal
from prm.users.actions import disable_member, revoke_api_key
from prm.users.models import ApiKey, Membership
from tests.api.asking import Caller, browser_of, code_of, made, problem_in
from tests.browsing import Answer, sign_in, visitor
from tests.cast import Cast
from tests.factories import new_lead

LEADS = "/api/v1/leads/"
KEY = {"portal": "acme", "user": "ada@acme.example", "name": "CRM"}


def create_key(**options: Any) -> str:
    """What `manage.py create_api_key` prints, without its line end."""
    printed = StringIO()
    call_command("create_api_key", **{**KEY, **options}, stdout=printed)
    assert printed.getvalue().count("\n") == 1
    return printed.getvalue().strip()


def ask(portal: Portal | None, secret: str, **headers: str) -> Answer:
    answer: Answer = visitor(portal).get(LEADS, headers={"Authorization": f"Bearer {secret}", **headers})
    return answer


# --- The session -------------------------------------------------------------------------------------


def test_session_reads_without_a_token(ada: Membership) -> None:
    assert browser_of(ada).get(LEADS).status_code == 200


def test_session_writes_with_its_csrf_token(ada: Membership) -> None:
    client = browser_of(ada)

    answer = client.post(
        LEADS,
        {"company": "Kestrel"},
        content_type="application/json",
        headers={"X-CSRFToken": client.cookies["csrftoken"].value},
    )

    assert answer.status_code == 201


@pytest.mark.parametrize("token", [None, "", "x" * 32, "x" * 64])
@pytest.mark.parametrize("method", ["post", "patch"])
def test_session_without_its_csrf_token_writes_nothing(ada: Membership, method: str, token: str | None) -> None:
    lead = made(new_lead, ada)
    client = browser_of(ada)
    headers = {} if token is None else {"X-CSRFToken": token}
    path = LEADS if method == "post" else f"{LEADS}{lead.pk}/"

    answer = getattr(client, method)(path, {"company": "x"}, content_type="application/json", headers=headers)

    assert code_of(answer, 403) == "permission_denied"
    with inside(ada.portal):
        assert list(Lead.objects.values_list("company", flat=True)) == [lead.company]


@pytest.mark.parametrize("method", ["get", "post", "patch", "put", "delete", "options"])
def test_nobody_is_asked_to_sign_in(cast: Cast, method: str) -> None:
    answer = getattr(visitor(cast.acme), method)(LEADS)

    assert code_of(answer, 401) == "not_authenticated"
    assert answer["WWW-Authenticate"] == "Bearer"


# --- Keys ---------------------------------------------------------------------------------------------


def test_create_api_key_prints_only_the_key_which_is_kept_as_its_hash(cast: Cast) -> None:
    secret = create_key()

    assert secret.startswith(f"{cast.acme.code}_")
    assert len(secret) == 7 + 43
    with inside(cast.acme):
        key = ApiKey.objects.get()
        assert (key.name, key.scope, key.membership_id) == ("CRM", "write", cast.ada.pk)
        assert key.digest == hashlib.sha256(secret.encode()).hexdigest()
        assert secret not in {str(value) for value in key.__dict__.values()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"portal": "nowhere"}, "no portal nowhere"),
        ({"user": "nobody@acme.example"}, "not active"),
        ({"user": "dan@globex.example"}, "not active"),
        ({"user": "dis@north.example"}, "not active"),
        ({"user": "ivan@north.example"}, "not active"),
    ],
)
def test_create_api_key_for_nobody_says_so(cast: Cast, options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        create_key(**options)


def test_key_acts_as_its_member(cast: Cast) -> None:
    answer = Caller(cast.ada).post("leads/", {"company": "Kestrel"})

    with inside(cast.acme):
        assert Lead.objects.get(pk=answer.json()["id"]).created_by_id == cast.ada.pk


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
def test_key_works_on_the_portals_host_and_on_the_bare_host(cast: Cast, kind: str) -> None:
    secret = create_key()
    lead = made(new_lead, cast.ada)

    for portal in (cast.acme, None):
        answer = visitor(portal).get(LEADS, headers={"Authorization": f"{kind} {secret}"})
        assert [row["number"] for row in answer.json()["results"]] == [lead.code]


def test_key_on_the_bare_host_pages_on_the_bare_host(cast: Cast) -> None:
    secret = create_key()
    for _ in range(3):
        made(new_lead, cast.ada)

    following = (
        visitor(None).get(f"{LEADS}?page_size=2", headers={"Authorization": f"Bearer {secret}"}).json()["next"]
    )

    assert following.startswith("http://localhost:8000/api/v1/leads/?")
    assert len(visitor(None).get(following, headers={"Authorization": f"Bearer {secret}"}).json()["results"]) == 1


def test_key_notes_when_it_was_used(cast: Cast) -> None:
    ask(cast.acme, create_key())

    with inside(cast.acme):
        used = ApiKey.objects.get().last_used_at
        assert used is not None
        assert timezone.now() - used < timedelta(minutes=1)


def test_key_of_another_portal_is_unknown_on_this_host(cast: Cast) -> None:
    secret = create_key()
    made(new_lead, cast.dan)

    answer = ask(cast.globex, secret)

    assert code_of(answer, 401) == "key_revoked"
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("host", ["acme", None])
def test_unknown_keys_are_refused_alike(cast: Cast, host: str | None) -> None:
    secret = create_key()
    portal = cast.acme if host else None
    unknown = [
        *(
            "",
            "x",
            "Bearer",
            secret[:-1],
            secret + "x",
            secret.upper(),
            secret.partition("_")[2],
            f"zzzzzz_{'x' * 43}",
        ),
        *("é" * 50, f"{cast.acme.code}_", f"{cast.acme.code}_\udcff", f"{secret} {secret}", "x" * 10_000),
    ]

    answers = [ask(portal, text.encode("utf-8", "surrogateescape").decode("latin-1")) for text in unknown]

    assert {code_of(answer, 401) for answer in answers} == {"key_revoked"}
    assert {answer["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert len({problem_in(answer)["detail"] for answer in answers}) == 1
    assert ask(portal, secret).status_code == 200


def test_key_wins_over_the_session(cast: Cast) -> None:
    """Else a revoked key would go on working in a browser's tool with a session."""
    answer = sign_in(cast.ada).get(LEADS, headers={"Authorization": "Bearer unknown"})

    assert code_of(answer, 401) == "key_revoked"


@pytest.mark.parametrize("kind", ["Basic", "Token", "Digest"])
def test_other_kinds_of_credentials_are_nobodys(cast: Cast, kind: str) -> None:
    answer = visitor(cast.acme).get(LEADS, headers={"Authorization": f"{kind} {create_key()}"})

    assert code_of(answer, 401) == "not_authenticated"


def test_key_that_was_revoked_is_dead_at_once(cast: Cast) -> None:
    secret = create_key()
    assert ask(cast.acme, secret).status_code == 200

    with inside(cast.acme):
        revoke_api_key(ApiKey.objects.get(), by=cast.ada)

    assert code_of(ask(cast.acme, secret), 401) == "key_revoked"


def test_key_with_read_scope_reads_and_writes_nothing(cast: Cast) -> None:
    lead = made(new_lead, cast.ada)
    api = Caller(cast.ada, scope="read")

    assert api.get("leads/").status_code == api.get(f"leads/{lead.pk}/").status_code == 200
    assert api.client.head(LEADS, headers=api.headers).status_code == 200
    for answer in (
        api.post("leads/", {"company": "x"}),
        api.patch(f"leads/{lead.pk}/", {"company": "x"}),
        api.post(f"leads/{lead.pk}/assign/", {"user": str(cast.ben.pk)}),
        api.post("organizations/", {"name": "x"}),
        api.post("users/", {"name": "x"}),
    ):
        assert code_of(answer, 403) == "insufficient_scope"
    with inside(cast.acme):
        assert list(Lead.objects.values_list("company", "version")) == [(lead.company, 1)]


def test_key_of_a_disabled_member_is_dead(cast: Cast) -> None:
    api = Caller(cast.ben)
    assert api.get("leads/").status_code == 200

    with inside(cast.acme):
        disable_member(cast.ben, by=cast.ada)

    assert code_of(api.get("leads/"), 401) == "key_revoked"


def test_key_of_an_inactive_organizations_member_is_dead(cast: Cast) -> None:
    api = Caller(cast.ben)

    with inside(cast.acme):
        update_organization(cast.north, values={"status": "inactive"}, by=cast.ada)

    assert code_of(api.get("leads/"), 401) == "key_revoked"


def test_key_of_a_suspended_portal_hears_that_it_is(cast: Cast) -> None:
    secret = create_key()
    Portal.objects.filter(pk=cast.acme.pk).update(is_active=False)

    assert code_of(ask(cast.acme, secret), 503) == "portal_suspended"
    assert code_of(ask(None, secret), 503) == "portal_suspended"


def test_key_has_the_rights_its_member_has_now(cast: Cast) -> None:
    api = Caller(cast.ben)
    Caller(cast.bea).patch(f"users/{cast.ben.pk}/", {"groups": ["Manage Users"]})

    assert api.get("leads/").json()["results"] == []
    assert (
        api.post("users/", {"name": "x", "email": "x@y.example", "organization": str(cast.north.pk)}).status_code
        == 201
    )


def test_key_opens_no_page(cast: Cast) -> None:
    answer = visitor(cast.acme).get("/leads/", headers={"Authorization": f"Bearer {create_key()}"})

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=%2Fleads%2F")
