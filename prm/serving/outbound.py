"""Requests to addresses that somebody typed in: to the public internet only, bounded, never led elsewhere.

The only importer of an HTTP client (tests/guards/test_house.py). Every address that a name stands for
has to be public, and the connection goes to the address that was checked, so that a name that changes
its mind between the two gains nothing. Never called inside a transaction.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

CONNECT, READ, TOTAL = 3.0, 5.0, 10.0  # seconds; looking up the name is the resolver's, and bounded by it
MOST = 64 * 1024  # bytes of an answer
LONGEST_URL = 2000
PORTS = frozenset({443, 8443})
AGENT = "PartnerPortal/1"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SPECIAL = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))  # RFC 6890, RFC 7526


class Unreachable(Exception):
    """No usable answer, for a reason in words that may be shown to whoever typed the address."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes

    def document(self) -> dict[str, Any]:
        """The JSON object in the body."""
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise Unreachable(_("The answer is not JSON.")) from error
        if not isinstance(found, dict):
            raise Unreachable(_("The answer is not a JSON object."))
        return found


def fetch(url: str, *, fields: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Reply:
    """GET `url`, or POST `fields` to it as a form. A redirect is an answer like any other, and not followed."""
    parts = checked_url(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _public_address(parts.hostname or "", port)
    connection = _Pinned(parts, port, address)
    deadline = threading.Timer(TOTAL, connection.abort)
    deadline.start()
    try:
        body = urlencode(fields) if fields is not None else None
        extra = {"Content-Type": "application/x-www-form-urlencoded"} if fields is not None else {}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"User-Agent": AGENT, "Accept": "application/json", **extra, **(headers or {})}
        connection.request("GET" if fields is None else "POST", target, body, sent)
        answer = connection.getresponse()
        content = answer.read(MOST + 1)
        if connection.is_aborted:  # a cut-off head or body reads like a short one
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = _("took too long") if connection.is_aborted or isinstance(error, TimeoutError) else _reason(error)
        raise Unreachable(f"{parts.hostname}: {reason}.") from error
    finally:
        deadline.cancel()
        connection.close()
    if len(content) > MOST:
        raise Unreachable(_("The answer is larger than %(most)s kB.") % {"most": MOST // 1024})
    return Reply(answer.status, content)


def checked_url(url: str) -> SplitResult:
    """The address taken apart, when it is one that we would ask."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unreachable(_("This is not an address.")) from error
    if len(url) > LONGEST_URL or not parts.hostname or not url.isascii() or any(c <= " " for c in url):
        raise Unreachable(_("This is not an address."))
    if parts.username is not None or parts.password is not None:
        raise Unreachable(_("The address must not hold a name or password."))
    if parts.scheme not in settings.OUTBOUND_SCHEMES:
        raise Unreachable(_("The address has to begin with https://"))
    if not settings.OUTBOUND_TO_LOOPBACK and port is not None and port not in PORTS:
        raise Unreachable(_("Only the ports 443 and 8443 are asked."))
    return parts


def is_public(address: Address) -> bool:
    """Whether it belongs to the public internet, also as the address that it carries inside."""
    for each in _carried(address):
        is_reserved = each.is_reserved and each not in _NAT64
        if not each.is_global or each.is_multicast or is_reserved or any(each in net for net in _SPECIAL):
            return False
    return True


def _carried(address: Address) -> Iterator[Address]:
    """The address itself and the IPv4 address that a mapped, 6to4, NAT64 or Teredo address leads to.

    Python calls 6to4 and NAT64 addresses global, whatever they lead to.
    """
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    yield ipaddress.IPv6Address(int(address)) if address.scope_id else address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _public_address(host: str, port: int) -> str:
    """One address of the host. Refused when any of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(_("%(host)s is not known.") % {"host": host}) from error
    addresses = [str(entry[4][0]) for entry in found]
    for text in addresses:
        address = ipaddress.ip_address(text)
        if not is_public(address) and not (settings.OUTBOUND_TO_LOOPBACK and address.is_loopback):
            raise Unreachable(_("%(host)s is not on the public internet.") % {"host": host})
    return addresses[0]


def _reason(error: Exception) -> str:
    """A class of failure, not its details: those could describe a network that is none of the reader's business."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("its certificate cannot be trusted")
    if isinstance(error, ssl.SSLError):
        return _("no secure connection")
    if isinstance(error, OSError):
        return _("no connection")
    return _("no readable answer")


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, with the name for Host, SNI and the certificate."""

    def __init__(self, parts: SplitResult, port: int, address: str) -> None:
        super().__init__(parts.hostname or "", port, timeout=CONNECT)
        self.default_port = 443 if parts.scheme == "https" else 80
        self.address, self.is_secure, self.is_aborted = address, parts.scheme == "https", False

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), CONNECT)
        self.sock.settimeout(READ)
        if self.is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def abort(self) -> None:
        """From the deadline's thread: whatever is being read ends now."""
        self.is_aborted = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already
                return
