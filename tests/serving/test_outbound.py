"""Requests to addresses that somebody typed in: every spelling of a place that is none of theirs is refused."""

import _socket
import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from pytest_django import Settings

from prm.serving import outbound
from prm.serving.outbound import Unreachable, fetch, is_public
from tests.fakes.identity import OpenIdProvider

PRIVATE = [
    *("127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "64:ff9b::7f00:1"),
    *("64:ff9b::a9fe:a9fe", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
]
PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
NAMES_OF_LOOPBACK = [
    *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "0x7f.1", "127.0.1"),
    *("[::1]", "[::ffff:127.0.0.1]", "localhost", "acme.localhost", "LOCALHOST", "0", "[::]"),
]


@pytest.fixture
def as_in_production(settings: Settings) -> None:
    settings.OUTBOUND_TO_LOOPBACK = False
    settings.OUTBOUND_SCHEMES = {"https"}


@pytest.mark.parametrize("address", PRIVATE)
def test_address_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("name", NAMES_OF_LOOPBACK)
def test_fetch_refuses_every_name_of_this_machine(
    as_in_production: None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _socket.getaddrinfo)  # the system's: it knows all the spellings
    with pytest.raises(Unreachable, match=r"not on the public internet|is not known"):
        fetch(f"https://{name}/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://8.8.8.8/",
            "ftp://8.8.8.8/",
            "file:///etc/passwd",
            "gopher://8.8.8.8/",
            "//8.8.8.8/",
            "",
            "https://",
        ),
        *("https://user:pw@8.8.8.8/", "https://user@8.8.8.8/", "https://8.8.8.8:22/", "https://8.8.8.8:99999/"),
        *(
            "https://8.8.8.8/\r\nX: y",
            "https://8.8.8.8/a b",
            "https://[::1",
            "https://ex\u00e4mple/",
            "https://8.8.8.8/\x00",
        ),
        "https://8.8.8.8/" + "a" * 2000,
    ],
)
def test_fetch_refuses_what_is_no_plain_https_address(as_in_production: None, url: str) -> None:
    with pytest.raises(Unreachable):
        fetch(url)


def test_fetch_refuses_a_name_of_which_one_address_is_private(
    as_in_production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(host: str, port: int, **words: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)  # the resolver is the network's

    with pytest.raises(Unreachable, match="not on the public internet"):
        fetch("https://rebinding.example/")


def test_fetch_connects_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for one place when asked first and for another one afterwards."""
    answers = iter(["127.0.0.1", "10.0.0.1", "10.0.0.1"])

    def changing(host: str, port: int, *args: Any, **words: Any) -> list[Any]:
        address = next(answers) if host == "rebinding.example" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))]

    with OpenIdProvider() as provider:
        monkeypatch.setattr(socket, "getaddrinfo", changing)
        port = provider.issuer.rpartition(":")[2]

        assert fetch(f"http://rebinding.example:{port}/jwks").status == 200


def test_fetch_follows_no_redirect_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with OpenIdProvider(faults={"redirect"}) as provider:
        assert fetch(f"{provider.issuer}/jwks").status == 302
        assert provider.asked == ["/jwks"]


def test_fetch_reads_no_more_than_it_must() -> None:
    with OpenIdProvider(faults={"huge"}) as provider, pytest.raises(Unreachable, match="larger"):
        fetch(f"{provider.issuer}/jwks")


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends a header's letter now and then, for ever: each is in time."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                for _ in range(200):
                    try:
                        connection.sendall(b"y")
                    except OSError:
                        return
                    time.sleep(0.02)

        threading.Thread(target=drip, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_fetch_gives_up_on_who_drips(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "TOTAL", 0.3)
    begun = time.monotonic()

    with pytest.raises(Unreachable, match="took too long"):
        fetch(dripping)

    assert time.monotonic() - begun < 2
