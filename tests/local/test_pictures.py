"""`make pictures` without its browser: what is written, what stays, and what it says when it cannot begin."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from prm.local import SetupError, chromium, pictures
from prm.local.pictures import keep


def seen(*, mark: int = 0, size: int = 64) -> bytes:
    """A page with a little to see on it, as a browser hands it over."""
    image = Image.new("RGB", (size, size), "white")
    ImageDraw.Draw(image).rectangle((8, 8, 24 + mark, 24), fill="#4f46e5")
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def test_keep_writes_a_picture_in_few_colours(tmp_path: Path) -> None:
    said = keep("page", seen(), folder=tmp_path / "pictures")

    path = tmp_path / "pictures" / "page.png"
    assert said == f"is new, {path.stat().st_size} bytes"
    with Image.open(path) as image:
        assert (image.mode, image.size) == ("P", (64, 64))
        assert len(image.getcolors() or ()) == 2
        assert image.convert("RGB").getpixel((10, 10)) == (0x4F, 0x46, 0xE5)


def test_keep_leaves_a_picture_alone_that_shows_the_same(tmp_path: Path) -> None:
    keep("page", seen(), folder=tmp_path)
    path = tmp_path / "page.png"
    with Image.open(path) as image:
        image.load()
        image.save(path, compress_level=0)  # the same pixels in other bytes
    before = path.read_bytes()

    assert keep("page", seen(), folder=tmp_path) == "is as it was"
    assert path.read_bytes() == before


@pytest.mark.parametrize("other", [{"mark": 1}, {"size": 65}])
def test_keep_writes_anew_what_has_changed(tmp_path: Path, other: dict[str, int]) -> None:
    keep("page", seen(), folder=tmp_path)
    before = (tmp_path / "page.png").read_bytes()

    assert keep("page", seen(**other), folder=tmp_path).startswith("is new")
    assert (tmp_path / "page.png").read_bytes() != before


def test_keep_looks_away_from_times(tmp_path: Path) -> None:
    """Twice the same change, once where a time is told and once beside it."""
    keep("page", seen(), folder=tmp_path)
    before = (tmp_path / "page.png").read_bytes()

    assert keep("page", seen(mark=4), [(25, 8, 28, 24)], folder=tmp_path) == "is as it was"
    assert (tmp_path / "page.png").read_bytes() == before
    assert keep("page", seen(mark=4), [(40, 8, 60, 24)], folder=tmp_path).startswith("is new")


def test_keep_refuses_what_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LARGEST", 50)

    with pytest.raises(SetupError, match=r"page\.png has \d+ bytes, more than 50"):
        keep("page", seen(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pictures_says_that_there_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any server is started."""
    monkeypatch.setattr(chromium, "NAMES", ("no-such-browser",))

    with pytest.raises(SetupError, match="There is no Chromium on the PATH"):
        pictures.pictures([])


def test_pictures_says_what_it_does_not_know() -> None:
    with pytest.raises(SetupError, match="No picture is called nothing"):
        pictures.pictures(["board", "nothing"])
