"""Where a request comes from. Everything that counts or notes an address asks here."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The sender's IP address, '' where there is none (a unix socket without a proxy).

    X-Forwarded-For counts only as far as PRM_PROXIES says: the outermost of our own proxies has written
    the entry that far from the right, and whatever stands before it is the sender's own invention.
    """
    given = request.META.get("REMOTE_ADDR", "")
    if settings.PRM_PROXIES:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= settings.PRM_PROXIES:
            given = hops[-settings.PRM_PROXIES]
    try:
        address = ip_address(given)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def network_of(address: str) -> str:
    """What one subscriber gets: the IPv4 address itself, of IPv6 the /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
