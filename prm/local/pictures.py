"""`make pictures`: docs/pictures/, taken from the demonstration by a real Chromium, so that they stay true.

A picture is an entry in PICTURES; README.md or docs/ shows each (tests/guards/test_pictures.py). The
demonstration tells the same stories every time; a picture in which nothing but times has changed keeps its file.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from prm.local import SetupError, throw_away
from prm.local.chromium import ARGUMENTS, MISSING, find_chromium
from prm.local.demo import PASSWORD
from prm.local.paths import PROJECT
from prm.local.stack import Stack

if TYPE_CHECKING:
    from PIL.Image import Image
    from playwright.sync_api import Browser, Page

FOLDER = PROJECT / "docs" / "pictures"
FIRST_PORT = 23950
SECONDS = 40  # for a page on a busy machine
LARGEST = 150_000  # bytes; whoever reads the guide on a train loads several
COLOURS = 256
WIDE, PHONE = 1440, 390
HEIGHTS = {WIDE: 900, PHONE: 844}

ADA, LEA = "ada@acme.example", "lea@acme.example"
BEA, BEN, DORA = "bea@north.example", "ben@north.example", "dora@east.example"
NOA = "noa@lumen.example"  # whose portal is new
WHOLE = "#preview h2 a"  # from a row's preview to its page

Box = tuple[int, int, int, int]  # left, top, right, bottom
BOXES = """times => times.map(time => time.getBoundingClientRect()).map(
    box => [Math.floor(box.left) - 1, Math.floor(box.top) - 1, Math.ceil(box.right) + 1, Math.ceil(box.bottom) + 1]
)"""
NEARLY = 64  # of 255: so far a rare colour is off in a file of few. A new tint that is fainter needs the file gone


@dataclass(frozen=True)
class Picture:
    """One page, as one person sees it."""

    name: str  # of the file, without .png
    who: str  # an address, or "" for somebody who is not signed in
    path: str
    width: int = WIDE
    scheme: Literal["light", "dark"] = "light"
    press: tuple[str, ...] = ()  # what is clicked there, the first of each selector
    until: str = "main"  # what has to be there before the picture is taken
    language: str = "en"
    portal: str = "acme"


PICTURES = (
    Picture("sign-in", "", "/accounts/login/", PHONE),
    Picture("home", ADA, "/"),
    Picture("home-dark", ADA, "/", scheme="dark"),
    Picture("home-partner", BEN, "/", PHONE),
    Picture("home-distributor", DORA, "/"),
    Picture("first-steps", NOA, "/", portal="lumen"),
    Picture("settings", ADA, "/settings/portal/"),
    Picture(
        "leads", ADA, "/leads/?status=working&country=DE&country=DK&country=SE", press=(".row-link",), until=WHOLE
    ),
    Picture("leads-arabic", LEA, "/leads/", language="ar"),
    Picture("lead", ADA, "/leads/?status=working", press=(".row-link", WHOLE), until="#timeline"),
    Picture("lead-withheld", BEN, "/leads/?status=assigned", PHONE, press=(".row-link",), until=".locked-lead"),
    Picture("lead-opened", BEN, "/leads/?status=working", PHONE, press=(".row-link",), until="#timeline"),
    Picture(
        "assign-many",
        ADA,
        "/leads/?status=unassigned",
        press=("[name=row] >> nth=0", "[name=row] >> nth=1", "[formaction$='/leads/assign/']"),
        until=".picker-group",
    ),
    Picture("board", ADA, "/deals/board/"),
    Picture("deal", BEA, "/deals/?status=open", press=(".row-link", WHOLE), until="#story"),
)


def pictures(arguments: list[str]) -> int:
    """Take all of them, or those that are named, and say what became of each."""
    wanted = [picture for picture in PICTURES if not arguments or picture.name in arguments]
    if unknown := set(arguments) - {picture.name for picture in wanted}:
        raise SetupError(f"No picture is called {', '.join(sorted(unknown))}: see prm/local/pictures.py.")
    chromium = find_chromium()
    if chromium is None:
        raise SetupError(f"{MISSING} Pictures need one.")
    from playwright.sync_api import sync_playwright

    with contextlib.ExitStack() as stopping:
        stack = start_demonstration(stopping)
        playwright = stopping.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        stopping.callback(browser.close)
        camera = Camera(browser, stack)
        for picture in wanted:
            png, times = camera.take(picture)
            print(f"{picture.name}.png {keep(picture.name, png, times)}", flush=True)
    return 0


def start_demonstration(stopping: contextlib.ExitStack) -> Stack:
    """The whole portal on throw-away servers, with the demonstration and a portal that is quite new."""
    state, _names = throw_away.start_servers(stopping)
    stack = Stack(state, name="pictures", first_port=FIRST_PORT)
    stopping.callback(stack.stop)
    stack.start()
    stack.manage("seed_demo")
    new = ("--name", "Lumen Drives", "--admin", NOA, "--admin-name", "Noa Lindholm", "--password", PASSWORD)
    stack.manage("create_portal", "lumen", *new)
    return stack


@dataclass
class Camera:
    """Goes where a picture is to be taken, as the person who is to see it. Everybody signs in once."""

    browser: "Browser"
    stack: Stack
    sessions: dict[str, Any] = field(default_factory=dict)  # what the browser keeps of each person
    languages: dict[str, str] = field(default_factory=dict)  # that people have chosen

    def take(self, picture: Picture) -> tuple[bytes, list[Box]]:
        """The picture as a PNG, and where on it a time is told."""
        context = self.browser.new_context(
            base_url=self.stack.base_url(picture.portal),
            viewport={"width": picture.width, "height": HEIGHTS[picture.width]},
            is_mobile=picture.width == PHONE,
            has_touch=picture.width == PHONE,
            color_scheme=picture.scheme,
            reduced_motion="reduce",
            locale="en-US",
            storage_state=self.sessions.get(picture.who),
        )
        try:
            page = context.new_page()
            page.set_default_timeout(SECONDS * 1000)
            if picture.who and picture.who not in self.sessions:
                self._sign_in(page, picture)
            if picture.who and picture.language != self.languages.get(picture.who, "en"):
                self._choose_language(page, picture)
            page.goto(picture.path)
            for selector in picture.press:
                page.locator(selector).first.click()
            page.locator(picture.until).first.wait_for()
            page.mouse.move(0, 0)  # nothing is pointed at
            page.wait_for_load_state("networkidle")
            times = page.locator("time").evaluate_all(BOXES)
            return page.screenshot(animations="disabled", caret="hide"), [tuple(box) for box in times]
        finally:
            context.close()

    def _sign_in(self, page: "Page", picture: Picture) -> None:
        page.goto("/accounts/login/")
        page.locator("[name=login]").fill(picture.who)
        page.locator("[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{self.stack.base_url(picture.portal)}/")
        self.sessions[picture.who] = page.context.storage_state()

    def _choose_language(self, page: "Page", picture: Picture) -> None:
        page.goto("/profile/")
        page.locator("main [name=language]").select_option(picture.language)
        with page.expect_navigation():
            page.locator("main form[data-guard] button.primary").click()
        self.languages[picture.who] = picture.language


def keep(name: str, png: bytes, times: Iterable[Box] = (), *, folder: Path = FOLDER) -> str:
    """Write a picture, in few colours since it is mostly paper; says whether that changed the file.

    Nothing is written when only `times` look different. Raises SetupError when it is larger than LARGEST.
    """
    from PIL import Image

    target = folder / f"{name}.png"
    with Image.open(BytesIO(png)) as seen:
        if target.exists():
            with Image.open(target) as kept:
                if _is_same(kept, seen, but=times):
                    return "is as it was"
        new = seen.convert("RGB").quantize(COLOURS, kmeans=1, dither=Image.Dither.NONE)
    written = BytesIO()
    new.save(written, "PNG", optimize=True)
    size = len(written.getvalue())
    if size > LARGEST:
        raise SetupError(f"{name}.png has {size:,} bytes, more than {LARGEST:,}: show less on it.")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(written.getvalue())
    return f"is new, {size:,} bytes"


def _is_same(kept: "Image", seen: "Image", *, but: Iterable[Box]) -> bool:
    """Whether two pictures differ nowhere but in these places."""
    from PIL import ImageChops, ImageDraw

    if kept.size != seen.size:
        return False
    difference = ImageChops.difference(kept.convert("RGB"), seen.convert("RGB"))
    for box in but:
        ImageDraw.Draw(difference).rectangle(box, fill="black")
    return difference.point(lambda part: max(part - NEARLY, 0)).getbbox() is None
