"""How much of the internet ranges of addresses are together: a whole in pieces is as open as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

MOST = 20_000
"""Ranges that are looked at together."""
_NARROWEST = 8
"""The shortest prefix that any one owner has in IPv4; IPv6 is given out from /12 on, and used from /16."""
_MUCH_V4 = 2**30
_MUCH_V6 = 2**123
"""A quarter of all addresses of IPv4, and of the global unicast addresses of IPv6 (2000::/3, RFC 4291)."""
_GLOBAL_V6 = IPv6Network("2000::/3")


def is_much_of_the_internet(sources: Sequence[str]) -> bool | None:
    """Return whether ranges in CIDR are, together, more than a few owners can have; None where there are too many.

    What is no range counts for nothing, and neither does what is private.
    """
    if len(sources) > MOST:
        return None
    v4, v6 = _collapsed(sources, private=False)
    if any(each.prefixlen < _NARROWEST for each in v4) or any(each.prefixlen < _NARROWEST for each in v6):
        return True
    return _size(v4) >= _MUCH_V4 or _size(v6) >= _MUCH_V6


def is_every_address(sources: Sequence[str]) -> bool:
    """Return whether ranges in CIDR are, together, every address of IPv4 or IPv6. Too many to tell count as that."""
    if len(sources) > MOST:
        return True
    v4, v6 = _collapsed(sources, private=True)
    return any(each.prefixlen == 0 for each in v4) or any(_GLOBAL_V6.subnet_of(each) for each in v6)


def _collapsed(sources: Iterable[str], *, private: bool) -> tuple[list[IPv4Network], list[IPv6Network]]:
    v4: list[IPv4Network] = []
    v6: list[IPv6Network] = []
    for source in sources:
        try:
            network = ip_network(source, strict=False)
        except ValueError:
            continue
        if network.is_private and not private:
            continue
        if isinstance(network, IPv4Network):
            v4.append(network)
        else:
            v6.append(network)
    return list(collapse_addresses(v4)), list(collapse_addresses(v6))


def _size(networks: Iterable[IPv4Network | IPv6Network]) -> int:
    return sum(each.num_addresses for each in networks)
