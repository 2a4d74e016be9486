"""Hosts: whom an address reaches, and how it is written in a request."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_wildcard(host: str) -> bool:
    """Return whether a host stands for every address of this machine.

    >>> is_wildcard("0.0.0.0"), is_wildcard("192.168.1.5")
    (True, False)
    """
    address = _address(host)
    return address is not None and address.is_unspecified


def is_number(name: str) -> bool:
    """Return whether a name in a request is an address, as browsers write it.

    >>> is_number("192.168.1.5"), is_number("[fe80::1]"), is_number("fe80::1"), is_number("a.b")
    (True, True, False, False)
    """
    address = _address(name.strip("[]"))
    return address is not None and bracketed(str(address)) == name


def names(host: str) -> Iterator[str]:
    """Yield the names in a request that mean a studio which listens at a host."""
    yield from LOOPBACK
    if is_wildcard(host):
        yield socket.gethostname().lower()
        yield f"{socket.gethostname().lower()}.local"
    else:
        yield bracketed(host.lower())


def bracketed(host: str) -> str:
    """Return a host as it stands before a port.

    >>> bracketed("::1"), bracketed("localhost")
    ('[::1]', 'localhost')
    """
    return f"[{host}]" if ":" in host else host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
