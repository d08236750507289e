"""Uploads that mean harm (cases 60 and 61): refused in words, or kept as a picture of our own making."""

import contextlib
import hashlib
import io
import logging
import re
import resource
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from prm.files import pictures, store, uploads
from prm.files.models import StoredFile
from prm.files.pictures import SIDE, as_png
from prm.organizations.context import active_portal_id, inside
from prm.organizations.models import Portal
from prm.users.models import Membership
from tests.browsing import Answer, sign_in, visitor
from tests.cast import Cast
from tests.populate import LOGO
from tests.reading import Page

ClientOf = Callable[[Membership], Client]
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
FIELDS = {"name": "Acme", "brand": "#4f46e5", "hue": "270"}
OWN_NAME = re.compile(r"[0-9a-f]{32}")


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **words: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(made, kind, **words)
    return made.getvalue()


def giant(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises this many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeroes", b"\0" * 20_000_000)
    return made.getvalue()


def send(client: Client, content: bytes, name: str = "logo.png", kind: str = "image/png", **fields: str) -> Answer:
    """The settings form as a stranger's program would send it: the name goes out as it is."""
    parts = [f'name="{field}"\r\n\r\n{value}'.encode() for field, value in {**FIELDS, **fields}.items()]
    quoted = name.replace("\\", "\\\\")
    parts.append(f'name="logo"; filename="{quoted}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content)
    body = b"".join(b"--border\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    answer: Answer = client.post(
        "/settings/portal/", body + b"--border--\r\n", "multipart/form-data; boundary=border"
    )
    return answer


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


HARMFUL = {
    "eicar": (EICAR, "logo.png", "image/png"),
    "svg with script": (SVG, "logo.svg", "image/svg+xml"),
    "svg as png": (SVG, "logo.png", "image/png"),
    "html as png": (b"<!doctype html><script>alert(document.cookie)</script>", "logo.png", "image/png"),
    "zip bomb": (bomb(), "logo.png", "image/png"),
    "phar": (b"<?php __HALT_COMPILER(); ?>", "logo.pHaR", "image/png"),
    "bmp": (picture("BMP"), "logo.png", "image/png"),
    "tiff": (picture("TIFF"), "logo.png", "image/png"),
    "pdf": (picture("PDF"), "logo.png", "image/png"),
    "30,000 x 30,000": (giant(30_000, 30_000), "logo.png", "image/png"),
    "10,001 x 1,000": (giant(10_001, 1_000), "logo.png", "image/png"),
    "half a picture": (picture(size=(400, 400))[:300], "logo.png", "image/png"),
    "only a beginning": (b"\x89PNG\r\n\x1a\n", "logo.png", "image/png"),
    "one byte more than 1 MB": (LOGO + b"\0" * (1024 * 1024 - len(LOGO) + 1), "logo.png", "image/png"),
    "more than is kept": (b"\x89PNG" * 1_300_000, "logo.png", "image/png"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", HARMFUL)
def test_case_61_a_harmful_file_is_refused_in_words(cast: Cast, files: Path, name: str) -> None:
    answer = send(sign_in(cast.ada), *HARMFUL[name], hue="100")

    assert answer.status_code == 422
    errors = answer.context["form"].errors["logo"].as_data()
    assert [error.code for error in errors] == ["file_rejected"]
    assert str(errors[0].message) in Page(answer).root.text
    assert stored(files) == []
    assert (Portal.objects.get(slug="acme").logo, Portal.objects.get(slug="acme").hue) == ("", cast.acme.hue)
    assert 'value="100"' in answer.content.decode()  # what was typed beside it is not lost


def test_case_61_a_giant_is_refused_before_it_is_decoded() -> None:
    def never(*args: object) -> None:
        raise AssertionError("decoded")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_painted", never)
        with pytest.raises(ValidationError, match="too many pixels"):
            as_png(giant(10_001, 1_000))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_case_61_what_is_kept_is_a_picture_of_our_own(kind: str) -> None:
    """Whatever else rode in the file, in its notes or behind its end, stays behind."""
    notes: dict[str, object] = {"exif": _exif()} if kind in {"JPEG", "WEBP", "PNG"} else {"comment": EICAR}
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", EICAR.decode())
        notes["pnginfo"] = text
    content = picture(kind, (900, 300), **notes) + EICAR + b"<script>alert(1)</script>"
    assert EICAR in content

    made = as_png(content)

    with Image.open(io.BytesIO(made)) as again:
        assert (again.format, again.size, again.mode) == ("PNG", (SIDE, 171), "RGBA")
        assert again.info == {}
    assert all(word not in made for word in (b"EICAR", b"script", b"Exif", b"eXIf", b"tEXt"))


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = EICAR.decode("latin-1")
    return exif.tobytes()


@hypothesis_settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]),
    cut=st.integers(0, 900),
    changes=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=12),
)
def test_case_61_broken_pictures_are_refused_never_a_crash(
    kind: str, cut: int, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(picture(kind, (17, 11))[: cut or None])
    for place, value in changes:
        if content:
            content[place % len(content)] = value
    with contextlib.suppress(ValidationError):
        assert as_png(bytes(content)).startswith(b"\x89PNG")


NAMES = [
    *("../../x.png", "..\\..\\x.png", "/etc/passwd", "C:\\boot.ini", "a\0b.png", "x" * 300 + ".png"),
    *("CON", ".htaccess", "ü\u202egnp.exe"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_case_60_an_uploads_name_is_ignored(cast: Cast, files: Path, name: str) -> None:
    answer = send(sign_in(cast.ada), LOGO, name)

    assert answer.status_code == 302
    (path,) = stored(files)
    assert path.parent == files / str(cast.acme.pk)
    assert OWN_NAME.fullmatch(path.name)
    assert (oct(path.stat().st_mode & 0o777), oct(path.parent.stat().st_mode & 0o777)) == ("0o600", "0o700")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("portal", "disposition"),
    [
        ("Acme", 'attachment; filename="Acme Logo.png"'),
        ('A"c\\me; filename=x.exe', 'attachment; filename="A\\"c\\\\me; filename=x.exe Logo.png"'),
        ("Ümläut ⚡", "attachment; filename*=utf-8''%C3%9Cml%C3%A4ut%20%E2%9A%A1%20Logo.png"),
        ("Acme\r\nSet-Cookie: x=1", 'attachment; filename="Acme Set-Cookie: x=1 Logo.png"'),
    ],
)
def test_case_60_a_downloads_name_is_encoded(cast: Cast, files: Path, portal: str, disposition: str) -> None:
    client = sign_in(cast.ada)
    send(client, LOGO)
    with inside(cast.acme):
        file = StoredFile.objects.get()
    Portal.objects.filter(pk=cast.acme.pk).update(name=portal)

    answer = client.get(f"/files/logos/{file.pk}/")

    assert answer["Content-Disposition"] == disposition
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in answer["Cache-Control"]
    assert "x" not in answer.cookies


@pytest.mark.django_db
def test_download_asks_for_portal_owner_and_purpose(cast: Cast, files: Path) -> None:
    """Each alone is enough for a no: knowing the id is never the check."""
    for admin in (cast.ada, cast.dan):
        send(sign_in(admin), LOGO)
    with inside(cast.acme):
        acme = StoredFile.objects.get()
        of_north = copy_of(acme, organization=cast.north)
        for_something_else = copy_of(acme, purpose="attachment")
    with inside(cast.globex):
        foreign = StoredFile.objects.get()
    ada = sign_in(cast.ada)

    assert ada.get(f"/files/logos/{acme.pk}/").status_code == 200
    assert ada.get(f"/files/logos/{foreign.pk}/").status_code == 404
    assert ada.get(f"/files/logos/{of_north.pk}/").status_code == 404
    assert ada.get(f"/files/logos/{for_something_else.pk}/").status_code == 404
    for other in (cast.vic, cast.bea, cast.ben):
        assert sign_in(other).get(f"/files/logos/{acme.pk}/").status_code == 403
    assert visitor(cast.acme).get(f"/files/logos/{acme.pk}/").status_code == 302


@pytest.mark.django_db
def test_files_are_visible_by_owner_and_purpose(cast: Cast, files: Path) -> None:
    """What the doors ask for again: the rows themselves are for nobody else."""
    send(sign_in(cast.ada), LOGO)
    people = {name: getattr(cast, name) for name in ("ada", "vic", "bea", "ben", "cleo", "dora")}
    with inside(cast.acme):
        logo = StoredFile.objects.get()
        bens = copy_of(logo, purpose="export", organization=cast.north, uploaded_by=cast.ben)
        copy_of(logo, organization=cast.north)
        copy_of(logo, purpose="lead", organization=cast.north, uploaded_by=cast.ben)

        seen = {name: set(StoredFile.objects.visible_to(member)) for name, member in people.items()}

    assert seen == {**{name: set() for name in people}, "ada": {logo}, "ben": {bens}}


def copy_of(file: StoredFile, **values: object) -> StoredFile:
    """Another row, and the same content in a place of its own: there to be given out."""
    fields = ("purpose", "organization", "content_type", "size", "sha256")
    found = {name: getattr(file, name) for name in fields}
    place = store.new_place(active_portal_id())
    store.write(place, store.read(file.stored_as))
    return StoredFile.objects.create(**{**found, "stored_as": place, **values})


@contextlib.contextmanager
def small_disk(size: int) -> Iterator[None]:
    """From here on the kernel takes no file larger than this: EFBIG, as ENOSPC on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.django_db
def test_full_disk_is_said_plainly_and_leaves_no_half_file(
    cast: Cast, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(cast.ada)
    send(client, LOGO)
    (earlier,) = stored(files)
    monkeypatch.setattr(logging, "raiseExceptions", False)  # the log does not fit on that disk either
    with small_disk(100):
        answer = send(client, picture(size=(300, 300)), hue="100")

    assert answer.status_code == 507
    assert "could not be stored" in Page(answer).root.text
    assert stored(files) == [earlier]
    portal = Portal.objects.get(slug="acme")
    assert (portal.logo, portal.hue) == (_sha256(earlier), cast.acme.hue)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.django_db
def test_a_body_too_large_to_be_refused_in_words_is_cut_off(
    cast: Cast, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_SENT", 2000)

    answer = send(sign_in(cast.ada), b"\0" * 3000)

    assert answer.status_code in (400, 413)
    assert stored(files) == []


def test_many_files_of_one_request_share_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """No temporary file is ever written, however many fields bring one."""
    monkeypatch.setattr(uploads, "MOST_KEPT", 1000)
    many = {f"f{n}": SimpleUploadedFile("x", b"\0" * 400) for n in range(20)}
    request = RequestFactory().post("/settings/portal/", {**FIELDS, **many})
    files = [file for file in request.FILES.values() if isinstance(file, UploadedFile)]

    assert (len(files), {file.size for file in files}) == (20, {400})
    assert sum(len(file.read()) for file in files) == 800
