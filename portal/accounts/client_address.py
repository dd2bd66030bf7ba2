"""Where a request comes from, as the server or the proxy before it says; nothing a visitor writes."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# A household or an office has a whole network of IPv6 addresses, and may take another one for each try.
IPV6_NETWORK = 64


def address_of(request: HttpRequest | None) -> str | None:
    """The address of the person's machine; None where nothing readable stands."""
    text = request.META.get(settings.CLIENT_ADDRESS, "") if request is not None else ""
    try:
        address = ip_address(str(text).strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def network_of(request: HttpRequest | None) -> str:
    """What tries are counted by: an IPv4 address, the network of an IPv6 one; empty if it is unknown."""
    address = address_of(request)
    if address is None or ":" not in address:
        return address or ""
    return str(ip_network(f"{address}/{IPV6_NETWORK}", strict=False))
