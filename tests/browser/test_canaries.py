"""The ear at the browser hears what it should."""

import pytest

from tests.browser.conftest import ADA, Acme, Open

pytestmark = pytest.mark.browser


def test_another_portals_word_on_a_page_is_heard(acme: Acme, visit: Open) -> None:
    own, foreign = (acme.new_lead(internal_notes=f"qz{acme.codes[slug]}x0zq") for slug in ("acme", "globex"))
    ada = visit(ADA)

    ada.open(f"/leads/{own['number']}/")
    assert ada.complaints == []
    ada.open(f"/leads/{foreign['number']}/")

    assert set(ada.complaints) == {f"{acme.url}/leads/{foreign['number']}/: a word of {acme.codes['globex']}"}
    ada.complaints.clear()
