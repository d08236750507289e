"""A portal on a phone's home screen: its name, its colour, and a drawing of our own."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from prm.home.installing import SIZES, ground_of, painted
from prm.organizations.context import inside
from prm.organizations.portals import change_portal
from tests.browsing import visitor
from tests.cast import Cast
from tests.reading import Page


def test_manifest_names_and_paints_the_portal(cast: Cast) -> None:
    with inside(cast.acme):
        change_portal(values={"name": "Acme Robotics Worldwide", "brand": "#0e7490"}, by=cast.ada)

    answer = visitor(cast.acme).get("/manifest.webmanifest")

    manifest = answer.json()
    assert answer["Content-Type"] == "application/manifest+json"
    assert (manifest["name"], manifest["short_name"]) == ("Acme Robotics Worldwide", "Acme Robotic")
    assert (manifest["theme_color"], manifest["display"], manifest["start_url"]) == ("#0e7490", "standalone", "/")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        with Image.open(BytesIO(visitor(cast.acme).get(icon["src"]).content)) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            assert picture.format == "PNG"


def test_manifest_of_each_portal_is_its_own(cast: Cast) -> None:
    names = [visitor(portal).get("/manifest.webmanifest").json()["name"] for portal in (cast.acme, cast.globex)]

    assert names == ["Acme", "Globex"]


@pytest.mark.parametrize("path", ["/manifest.webmanifest", "/icon/4f46e5/192.png", "/icon/4f46e5.svg"])
def test_bare_host_has_no_icon(cast: Cast, path: str) -> None:
    assert visitor(None).get(path).status_code == 404
    assert visitor(cast.acme).get(path).status_code == 200


@pytest.mark.parametrize("path", ["4f46e5/191.png", "4f46e5/100000.png", "000000/192.png", "000000.svg", "x.svg"])
def test_icon_is_painted_in_the_present_colour_and_three_sizes_only(cast: Cast, path: str) -> None:
    assert visitor(cast.acme).get(f"/icon/{path}").status_code == 404


def test_pages_name_manifest_and_icons(cast: Cast) -> None:
    page = Page(visitor(cast.acme).get("/accounts/login/"))

    links = {link.attributes["rel"]: link.attributes["href"] for link in page.root.all("link")}
    assert links["manifest"] == "/manifest.webmanifest"
    assert links["icon"] == "/icon/4f46e5.svg"
    assert links["apple-touch-icon"] == "/icon/4f46e5/180.png"
    assert page.root.all("meta", name="theme-color")[0].attributes["content"] == "#4f46e5"


def test_there_is_no_service_worker() -> None:
    """It would keep pages beyond sign-out."""
    assert "serviceWorker" not in (Path(__file__).parents[2] / "static" / "js" / "app.js").read_text()


@pytest.mark.parametrize("size", SIZES)
def test_painted_keeps_the_drawing_inside_the_mask(size: int) -> None:
    """A mask may cut all outside of a circle with four fifths of the width (W3C manifest, icon masks)."""
    with Image.open(BytesIO(painted("#4f46e5", size))) as picture:
        plain = picture.convert("RGB")
    ground = plain.getpixel((0, 0))
    middle, radius = size / 2, size * 0.4
    outside = [
        plain.getpixel((x, y))
        for x in range(0, size, 3)
        for y in range(0, size, 3)
        if (x - middle) ** 2 + (y - middle) ** 2 > (radius + 2) ** 2
    ]
    colours = plain.getcolors(size * size) or []

    assert set(outside) == {ground}
    assert max(count for count, colour in colours if colour == (255, 255, 255)) > size * size / 50


@pytest.mark.parametrize(
    ("brand", "is_kept"), [("#000000", True), ("#4f46e5", True), ("#ffffff", False), ("#ffff00", False)]
)
def test_ground_of_is_dark_enough_for_white(brand: str, is_kept: bool) -> None:
    ground = ground_of(brand)

    assert (ground == brand) == is_kept
    assert max(int(ground[at : at + 2], 16) for at in (1, 3, 5)) <= 0xE5
