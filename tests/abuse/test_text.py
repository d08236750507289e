"""Case 24: what is no text, or shows as another one, in anything that people write; pages and API alike."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.db import models
from rest_framework import serializers

import prm.urls  # noqa: F401  (loads every form and serializer there is)
from leads.models import Lead
from prm.api import text as api_text
from prm.api.views import StrictSerializer
from prm.organizations.context import inside
from prm.text import Line, LineField, Prose, ProseField
from prm.users.models import Membership
from tests.api.asking import Caller, faults
from tests.browsing import sign_in
from tests.cast import Cast
from tests.guards.catalogue import our_models
from tests.reading import Page

NO_TEXT = ["a\x00b", "\x1b[31mred", "bell\x07", "a\x0bb", "a\x7fb", "a\x9fb"]
LONE = "a\ud800b"  # JSON can say it; a form cannot
WORDS = "This holds control characters, which are no text."


@pytest.mark.parametrize("text", [*NO_TEXT, LONE])
def test_case_24_the_api_names_the_field_that_is_no_text(ada: Membership, text: str) -> None:
    api = Caller(ada)

    for name in ("company", "description"):
        assert faults(api.post("leads/", {"last_name": "Novák", name: text})) == {f"/{name}": "control_characters"}
    with inside(ada.portal):
        assert not Lead.objects.exists()


@pytest.mark.parametrize("text", NO_TEXT)
def test_case_24_a_page_says_it_at_the_field_and_keeps_what_was_typed(ada: Membership, text: str) -> None:
    answer = sign_in(ada).post("/leads/new/", {"company": text, "last_name": "Novák", "city": "Brno"})

    page = Page(answer)
    assert (answer.status_code, page.error("company"), page.value("city")) == (422, WORDS, "Brno")
    with inside(ada.portal):
        assert not Lead.objects.exists()


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\u2028", "\x85"])
def test_case_24_a_line_has_no_breaks_and_prose_does(ada: Membership, break_: str) -> None:
    api = Caller(ada)
    text = f"To:{break_}Bcc: all@kestrel.example"

    assert faults(api.post("leads/", {"company": text})) == {"/company": "line_break"}
    assert api.post("leads/", {"company": "x", "description": text}).json()["description"] == text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Acme \u202egpj.exe\u202c", "Acme gpj.exe"),
        ("\u2066Kestrel\u2069\u200f", "Kestrel"),
        ("a\tb", "a b"),
        ("\u202e", ""),
        ("نص عربي", "نص عربي"),  # right to left by itself
        ("👨‍👩‍👧", "👨‍👩‍👧"),  # held together by joiners
    ],
)
def test_case_24_marks_of_direction_are_taken_out_and_noted(
    cast: Cast, caplog: pytest.LogCaptureFixture, sent: str, kept: str
) -> None:
    by_api = Caller(cast.ada).post("leads/", {"last_name": "x", "company": sent}).json()["company"]
    sign_in(cast.ada).post("/leads/new/", {"last_name": "y", "company": sent})

    with inside(cast.acme):
        by_page = Lead.objects.get(last_name="y").company
    assert (by_api, by_page) == (kept, kept)
    noted = [record for record in caplog.records if record.name == "prm.text"]
    assert len(noted) == (2 if any(mark in sent for mark in "\u202e\u2066\u200f") else 0)


def test_case_24_ten_thousand_characters_are_too_many_for_a_name(ada: Membership) -> None:
    long = "x" * 10_000

    assert faults(Caller(ada).post("leads/", {"company": long})) == {"/company": "max_length"}
    assert Page(sign_in(ada).post("/leads/new/", {"company": long})).error("company") != ""


# --- Nobody forgets it --------------------------------------------------------------------------------

FOR_MACHINES = {
    *("Counter.name", "Portal.brand", "Portal.code", "Portal.slug", "ApiKey.digest"),
    *("Delivery.lane", "Draft.action", "Guesses.key", "LookedAt.digest", "Portal.logo"),
    *("Session.address", "Session.agent", "Session.data", "Session.digest"),
    *("StoredFile.content_type", "StoredFile.sha256", "StoredFile.stored_as"),
    *("IdentityProvider.certificates", "IdentityProvider.client_id", "IdentityProvider.email_attribute"),
    *("IdentityProvider.issuer", "IdentityProvider.sealed_secret", "IdentityProvider.slug"),
    *("IdentityProvider.subject_attribute", "Identity.subject"),
    *("Event.request_id", "Event.subject_type", "EventValue.field", "EventValue.new", "EventValue.old"),
    *("Delivery.last_error", "Membership.time_zone", "User.password"),
    *("SavedView.list_name", "SavedView.query", "ListChoice.list_name"),
    *("Run.kind", "Run.listing", "Run.query", "Run.last_error"),
    *("Refusal.name", "Refusal.path", "Refusal.reason"),
    *("Lead.country", "Lead.budget_currency", "Account.country", "Deal.currency", "Organization.country"),
}
"""Codes that are looked up in a list, and what only the code itself writes."""
LOOKED_UP = {"country", "currency", "budget_currency", "time_zone", "query"}
"""`query` is an export's, of which each value is looked at as in a list's address (`Listing.asked`)."""
FORMS_OF_RECORDS = ("RecordForm", "LeadForm", "DealForm", "OrganizationForm", "ProfileForm", "MemberForm")
OF_THEIR_OWN_SHAPE = (forms.EmailField, forms.URLField, forms.RegexField, forms.UUIDField)


def test_columns_that_people_write_are_lines_or_prose() -> None:
    others = {
        f"{model.__name__}.{column.name}"
        for model in our_models()
        for column in model._meta.get_fields()
        if isinstance(column, models.CharField | models.TextField) and not column.choices
        if not isinstance(column, Line | Prose | models.EmailField | models.URLField)
    }

    assert others == FOR_MACHINES


def test_fields_that_people_write_are_lines_or_prose() -> None:
    others = {
        f"{form.__name__}.{name}"
        for form in _ours(forms.BaseForm)
        for name, field in form.base_fields.items()
        if isinstance(field, forms.CharField) and not isinstance(field, (LineField, ProseField))
        if not isinstance(field, OF_THEIR_OWN_SHAPE) and not isinstance(field.widget, forms.PasswordInput)
    }

    assert others == {
        "AcceptForm.password",  # a PasswordInput as soon as it is known whose
        "PortalForm.brand",
        *(f"{form}.as_read" for form in FORMS_OF_RECORDS),  # sealed by us
        *(f"{form}.code" for form in ("CodeForm", "CodeAgainForm", "SetUpForm")),
        *(f"OpenIdForm.{name}" for name in ("client_id", "domains", "issuer")),
        *(f"SamlForm.{name}" for name in ("certificates", "domains", "email_attribute", "issuer")),
        *(f"SamlForm.{name}" for name in ("sso_url", "subject_attribute")),
    }


def test_the_apis_fields_that_people_write_are_lines_or_prose() -> None:
    known = (api_text.LineField, api_text.ProseField, serializers.EmailField, serializers.URLField)
    others = {
        name
        for form in _ours(StrictSerializer)
        for name, field in form().fields.items()
        if isinstance(field, serializers.CharField) and not field.read_only and not isinstance(field, known)
    }

    assert others == LOOKED_UP | {"website"}  # which a URLField checks, once its scheme is there


def _ours(of: type[Any]) -> Iterator[type[Any]]:
    for found in of.__subclasses__():
        yield from _ours(found)
        if found.__module__.partition(".")[0] in {"prm", "leads", "deals"}:
            yield found
