"""Whose word about the sender's address counts: that of our own proxies, as many as there are."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from prm.serving.client import client_address, network_of


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (0, "", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first is what the sender made up
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),  # came past a proxy: nobody vouches
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "nonsense", ""),
        (1, "203.0.113.9, <script>", ""),
    ],
)
def test_client_address(settings: Settings, proxies: int, forwarded: str, found: str) -> None:
    settings.PRM_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client_address(RequestFactory(headers=headers).get("/", REMOTE_ADDR="192.0.2.1")) == found


@pytest.mark.parametrize("name", ["X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "Client-IP"])
@pytest.mark.parametrize("proxies", [0, 1])
def test_client_address_believes_no_other_header(settings: Settings, proxies: int, name: str) -> None:
    settings.PRM_PROXIES = proxies
    request = RequestFactory(headers={name: "203.0.113.9"}).get("/", REMOTE_ADDR="192.0.2.1")

    assert client_address(request) == "192.0.2.1"


def test_network_of() -> None:
    addresses = ["192.0.2.1", "2001:db8:1:2:3:4:5:6", "", "nonsense"]

    assert [network_of(address) for address in addresses] == ["192.0.2.1", "2001:db8:1:2::", "", ""]
