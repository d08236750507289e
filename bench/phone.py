"""The largest paint on a slow phone: real Chromium, the product's own TLS, a network and a processor held back.

What Lighthouse takes for a phone (its "slow 4G" and a processor a quarter as fast), but held back for real and not
reckoned afterwards. Each visit is a first one: nothing is kept from the one before.
"""

import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from bench.seats import Seat
from bench.site import DOMAIN
from bench.weight import Weight
from prm.local import portal
from prm.local.chromium import ARGUMENTS, find_chromium
from prm.local.paths import PROJECT

NETWORK = {  # slow 4G as Lighthouse has it: 1.6 Mbit/s down, 0.75 up, 150 ms there and back
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
PROCESSOR = 4  # times slower
SCREEN = ViewportSize(width=390, height=844)
GOAL = 1500  # milliseconds
LARGEST_PAINT = """() => new Promise(done => {
    new PerformanceObserver(list => done(list.getEntries().at(-1).startTime))
        .observe({type: 'largest-contentful-paint', buffered: true});
})"""


def largest_paints(seats: dict[str, Seat], *, visits: int) -> list[Weight]:
    """Of each seat's home page, leads and one lead: the middle one of some visits. Empty without a Chromium."""
    chromium = find_chromium()
    if chromium is None:
        return []
    with _over_tls() as port, sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, rules])
        try:
            found = []
            for name, seat, path in _pages(seats):
                paint = statistics.median(_visit(browser, seat, port, path) for _ in range(visits))
                found.append(Weight(f"largest paint on a slow phone: {name}", round(paint), "ms", GOAL))
            return found
        finally:
            browser.close()


def _pages(seats: dict[str, Seat]) -> Iterator[tuple[str, Seat, str]]:
    for role, seat in seats.items():
        yield f"home, {role}", seat, "/"
        yield f"leads, {role}", seat, "/leads/"
        yield f"lead, {role}", seat, f"/leads/{seat.lead}/"


def _visit(browser: Browser, seat: Seat, port: int, path: str) -> float:
    from django.conf import settings

    context: BrowserContext = browser.new_context(
        viewport=SCREEN, ignore_https_errors=True, is_mobile=True, has_touch=True, device_scale_factor=3
    )
    try:
        host = f"https://{seat.slug}.{DOMAIN}:{port}"
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": seat.cookie, "url": host}])
        page = context.new_page()
        held_back = context.new_cdp_session(page)
        held_back.send("Network.enable")
        held_back.send("Network.emulateNetworkConditions", NETWORK)
        held_back.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
        page.goto(host + path, wait_until="load")
        page.wait_for_timeout(500)  # whatever paints late
        assert page.query_selector("main h1") is not None, f"{path} is not the page that was meant"
        found: float = page.evaluate(LARGEST_PAINT)
        return found
    finally:
        context.close()


@contextmanager
def _over_tls() -> Iterator[int]:
    """A web process of its own that speaks TLS itself. Yields its port."""
    port = portal.free_port(24000)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = _certificate(Path(folder))
        secure = ("--ssl-certificate", str(certificate), "--ssl-keyfile", str(key))
        listen = ("--host", portal.HOST, "--port", str(port), "--workers", "2", "--blocking-threads", "2")
        web = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *(*listen, *secure, "--no-ws", "prm.wsgi:application"),
            ],
            cwd=PROJECT,
            env=os.environ | {"PRM_PROXIES": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield port
        finally:
            web.terminate()
            web.wait(timeout=20)


def _wait_for(port: int, seconds: float = 60) -> None:
    any_certificate = ssl._create_unverified_context()  # noqa: S323  our own, a moment old
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"https://127.0.0.1:{port}/healthz", context=any_certificate, timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("The web process did not come up with TLS.")


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of a day for all portals of the bench, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{DOMAIN}")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private
