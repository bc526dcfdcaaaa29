"""Where a source may live whose host a connection's settings name: in the public internet, and nowhere else.

Whoever fills in such settings could otherwise have us ask our own network, or the server
that hands out a cloud machine's keys. A name is looked up once, every address it has must
be public, and the connection goes to an address that was looked at, so that a name which
means something else a moment later changes nothing.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM, getaddrinfo

#: HTTPS, and the port that school servers use beside it. Any other could be a service of another kind.
PORTS = frozenset({443, 8443})
#: How many of a host's addresses are tried: each may cost a whole time-out.
TRIED = 3

#: IPv6 addresses of hosts begin like this; everything else is local, multicast or a form of something.
UNICAST = ip_network("2000::/3")
#: How IPv4 hosts look in a network that speaks only IPv6.
NAT64 = ip_network("64:ff9b::/96")
#: Special blocks that Python's list of private addresses does not know, or not in each of its editions.
SPECIAL = tuple(
    ip_network(block)
    for block in (
        "100.64.0.0/10",  # shared by a carrier's customers; one cloud's metadata
        "168.63.129.16/32",  # another cloud's metadata
        "192.0.0.0/24",  # protocol assignments; a third cloud's metadata
        "192.88.99.0/24",  # the old relay to 6to4
        "2001::/23",  # protocol assignments, Teredo (IPv4 in disguise) among them
        "2002::/16",  # 6to4: IPv4 in disguise
        "3fff::/20",  # documentation
    )
)


class NotPublic(Exception):
    """An address, port or name that SmartPass does not go to; the words are fit for people."""


def is_public(address: str) -> bool:
    """Whether anybody in the internet could have this address, whatever form it is written in."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        carried = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)
        if carried:
            return is_public(str(carried))
        if ip not in UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in block for block in SPECIAL)


def look_up(host: str, port: int) -> list[str]:
    """The addresses a host has now, all of them public.

    Raises `NotPublic` if one is not, or the port is none of ours; OSError where nobody knows the name.
    """
    if port not in PORTS:
        raise NotPublic(f"must be reached over port {' or '.join(str(each) for each in sorted(PORTS))}")
    try:
        found = getaddrinfo(host.strip("[]"), port, type=SOCK_STREAM)
    except UnicodeError:
        raise OSError("not a name that can be looked up") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(is_public(address) for address in addresses):
        raise NotPublic("is at an address inside a private network, where SmartPass does not go")
    return addresses[:TRIED]
