"""What the pytest plugin promises."""

import os
import socket

import pytest

from prm.testing import NetworkRefusedError, is_near


def test_no_network_by_address() -> None:
    with pytest.raises(NetworkRefusedError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_no_network_by_name() -> None:
    with pytest.raises(NetworkRefusedError, match=r"portal\.example"):
        socket.getaddrinfo("portal.example", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "acme.localhost", "::1"])
def test_this_machine_is_no_network(host: str) -> None:
    assert is_near(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "localhost.example", "2001:db8::1"])
def test_everything_else_is(host: str) -> None:
    assert not is_near(host)


def test_loopback_can_be_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as link:
        assert link.connect_ex(server.getsockname()) == 0


def test_servers_are_thrown_away_ones() -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        assert "/prm-test-" in os.environ[name]
    assert os.environ["PRM_ENVIRONMENT"] == "test"


def test_each_worker_has_a_valkey_of_its_own() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "valkey")
    assert os.environ["REDIS_URL"].endswith(f"/{worker}.sock")
