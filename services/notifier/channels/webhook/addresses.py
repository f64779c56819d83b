"""Where a webhook may connect to: the address that was looked up and judged is the one that is connected to.

An endpoint stands in a district's profile, which many may write; without this a profile could make the notifier speak
to the database, to a cloud's metadata service, to itself. Resolving, judging and connecting are one step, so that a
name that changes its mind in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

IpAddress = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32 = 0xFFFFFFFF


class PrivateAddressError(Exception):
    """The endpoint's name leads to an address that is not of the public internet."""


class ResolveError(Exception):
    """The endpoint's name leads nowhere just now."""


def is_public(address: IpAddress) -> bool:
    """Say whether an address is of the public internet, looking through IPv6 forms that carry an IPv4 one."""
    inner = _carried(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address inside a mapped, 6to4, Teredo or NAT64 address."""
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


async def resolve(host: str, port: int) -> list[IpAddress]:
    """Return the addresses of a host, in the resolver's order.

    Raises:
        ResolveError: there are none just now.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ResolveError(f"{host} cannot be resolved") from error
    addresses = [ip_address(str(item[4][0]).partition("%")[0]) for item in found]
    if not addresses:
        raise ResolveError(f"{host} has no address")
    return addresses


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects like httpcore does, to addresses that were judged first; one private address refuses the whole name."""

    def __init__(self, *, private_allowed: bool) -> None:
        self._private_allowed = private_allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge, and connect to the first address that answers.

        Raises:
            PrivateAddressError: private addresses are not allowed and this is one.
            ResolveError: the name leads nowhere.
            httpcore.ConnectError: nothing answers.
        """
        addresses = await resolve(host, port)
        if not self._private_allowed and not all(is_public(address) for address in addresses):
            raise PrivateAddressError(f"{host} leads to a private address")
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(str(addresses[-1]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore's own retries, which are not used."""
        await asyncio.sleep(seconds)
