"""The browser that tests and pictures drive: a Chromium that the machine brings along."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"There is no Chromium on the PATH (looked for {', '.join(NAMES)})."
ARGUMENTS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def find_chromium() -> str | None:
    """Where it is; None where there is none, which MISSING says in words."""
    return next(filter(None, map(shutil.which, NAMES)), None)
