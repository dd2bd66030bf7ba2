"""Where the portal may call: only hosts that the operator named, only addresses that are no trap.

Asked when an endpoint is saved and again before every call; the call goes to the address that was checked.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings


class NotAllowed(Exception):
    """The endpoint may not be called; `str()` is a Chinese sentence for the administrator."""


@dataclass(frozen=True)
class Target:
    """A checked endpoint: `url` has the address instead of the name, `host` is what the receiver calls itself."""

    url: str
    host: str
    name: str


def check(endpoint: str) -> Target:
    """The checked target of an endpoint. Raises NotAllowed."""
    parts = urlsplit(endpoint)
    name = (parts.hostname or "").lower()
    if not name or parts.scheme not in ("https", "http") or parts.username or parts.fragment:
        raise NotAllowed("部门系统地址应是 https:// 开头的完整网址，不带用户名")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise NotAllowed("部门系统地址的端口不对") from None
    allowed = {host.lower() for host in settings.EXCHANGE_ALLOWED_HOSTS}
    if not allowed & {name, f"{name}:{port}"}:
        raise NotAllowed("这个地址不在允许对接的名单里，请先由运维登记")
    address = _resolve(name, port)
    is_named_address = _is_address(name)
    if parts.scheme == "http" and not (is_named_address and address.is_loopback):
        raise NotAllowed("部门系统地址应使用 https")
    if _is_trap(address) and not (is_named_address and address.is_loopback):
        raise NotAllowed("这个地址指向本机或特殊网段，不能对接")
    shown = f"[{address}]" if address.version == 6 else str(address)
    url = f"{parts.scheme}://{shown}:{port}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    return Target(url, parts.netloc, name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _resolve(name: str, port: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConnectionError("name not resolved") from None
    return ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])


def _is_trap(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Loopback, link-local (cloud metadata), multicast, unspecified; private networks are where agencies live."""
    plain = getattr(address, "ipv4_mapped", None) or address
    return plain.is_loopback or plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved
