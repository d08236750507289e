"""The one stylesheet and the one script: complete, packed, and named by their content."""

import gzip
import re

from django.test import Client

from tests.browsing import sign_in
from tests.cast import Cast
from tests.reading import Page


def at(host: str) -> Client:
    return Client(headers={"host": host})


def addresses(page: Page) -> tuple[list[str], list[str]]:
    """Of the stylesheets and of the scripts that a page asks for."""
    styles = [link.attributes["href"] for link in page.root.all("link", rel="stylesheet")]
    return styles, [script.attributes["src"] for script in page.root.all("script")]


def test_pages_ask_for_one_style_and_one_script(cast: Cast) -> None:
    for client, path in ((sign_in(cast.ben), "/leads/"), (at("acme.localhost"), "/accounts/login/")):
        styles, scripts = addresses(Page(client.get(path)))

        assert len(styles) == len(scripts) == 1
        for address in (*styles, *scripts):
            answer = client.get(address)
            assert answer.status_code == 200
            assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_style_ends_with_the_portals_colours(cast: Cast) -> None:
    answer = at("acme.localhost").get("/theme.css")

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("/* The portal's one stylesheet.")
    assert text.endswith(f":root{{--brand:{cast.acme.brand};--hue:{cast.acme.hue}}}")


def test_style_of_the_bare_host_has_nobodys_colours(cast: Cast) -> None:
    assert "--brand:#" not in at("localhost").get("/theme.css").content.decode().replace(" ", "")[-200:]


def test_script_holds_htmx_and_then_our_own(cast: Cast) -> None:
    text = at("acme.localhost").get("/script.js").content.decode()

    assert 0 < text.index("htmx") < text.index("Small comforts over pages")


def test_files_are_packed_for_whoever_unpacks_them(cast: Cast) -> None:
    client = at("acme.localhost")

    for path in ("/theme.css", "/script.js"):
        packed = client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert packed["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed["Vary"]
        assert gzip.decompress(packed.content) == client.get(path).content


def test_new_colours_have_a_new_address(cast: Cast) -> None:
    client = sign_in(cast.ada)
    before = addresses(Page(client.get("/leads/")))[0][0]
    cast.acme.brand = "#0e7490"
    cast.acme.save()

    after = addresses(Page(client.get("/leads/")))[0][0]

    assert after != before
    assert "0e7490" in client.get(after).content.decode()
    assert client.get(before)["Cache-Control"] == "public, max-age=300"


def test_pages_are_packed_with_something_random(cast: Cast) -> None:
    """Random bytes in the packing hide how well a guess beside a secret compresses (BREACH)."""
    client = sign_in(cast.ben)

    lengths = {len(client.get("/leads/", headers={"Accept-Encoding": "gzip"}).content) for _ in range(8)}

    assert len(lengths) > 1
    unpacked = gzip.decompress(client.get("/leads/", headers={"Accept-Encoding": "gzip"}).content).decode()
    assert re.search("</html>", unpacked)
