"""What is not a matter of time: bytes over the wire, requests of a first visit, memory of a worker."""

import re
from dataclasses import dataclass
from pathlib import Path

from bench.asking import Client
from bench.seats import Seat
from bench.site import Site


@dataclass(frozen=True)
class Weight:
    name: str
    value: float
    unit: str
    goal: float = 0


def first_visit(site: Site, seat: Seat) -> list[Weight]:
    """The list page with all that it needs, as a browser sees it for the first time."""
    browser: Client = seat.browser(site.port)
    page = browser.get("/leads/")
    import gzip

    html = gzip.decompress(_content(page)).decode()
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', html)
    scripts = re.findall(r'<script src="([^"]+)"', html)
    parts = [
        _content(page),
        *(_content(browser.get(address.replace("&amp;", "&"))) for address in styles + scripts),
    ]
    return [
        Weight("first page over the wire, compressed", round(sum(map(len, parts)) / 1000, 1), "kB", 60),
        Weight("of it the page itself", round(len(parts[0]) / 1000, 1), "kB"),
        Weight("requests for style", len(styles), "", 1),
        Weight("requests for script", len(scripts), "", 1),
    ]


def memory(site: Site) -> list[Weight]:
    """After all rounds, the largest worker's."""
    largest = max(_status(pid, "VmRSS") for pid in site.web_workers())
    shared = max(_proportional(pid) for pid in site.web_workers())
    return [
        Weight("memory of a web worker (RSS)", round(largest / 1024), "MB", 150),
        Weight("memory of a web worker (PSS)", round(shared / 1024), "MB"),
    ]


def _content(answer: object) -> bytes:
    found: bytes = answer.content  # type: ignore[attr-defined]
    return found


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1])


def _proportional(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
