"""Where a request comes from, without believing what a stranger says about it."""

from collections.abc import Iterator, MutableMapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from common.settings import Network

Scope = MutableMapping[str, Any]
Address = IPv4Address | IPv6Address


def header(scope: Scope, name: bytes) -> str | None:
    """The last value of a header; all header bytes are readable as Latin-1."""
    found: str | None = None
    for key, value in scope["headers"]:
        if key == name:
            found = value.decode("latin-1")
    return found


class Surroundings:
    """Knows which peers are our own proxies; only those may speak for somebody else."""

    def __init__(self, trusted_proxies: Sequence[Network]) -> None:
        self._trusted = tuple(trusted_proxies)

    def client_address(self, scope: Scope) -> str:
        """The socket's peer, or the right-most address that no trusted proxy has."""
        peer = _parsed(scope["client"][0]) if scope.get("client") else None
        if peer is None:
            return ""
        address = peer
        if self._trusts(peer):
            for hop in _forwarded_for(scope):
                parsed = _parsed(hop)
                if parsed is None:
                    break
                address = parsed
                if not self._trusts(parsed):
                    break
        return str(address)

    def is_https(self, scope: Scope) -> bool:
        peer = _parsed(scope["client"][0]) if scope.get("client") else None
        if peer is not None and self._trusts(peer):
            forwarded = header(scope, b"x-forwarded-proto")
            if forwarded:
                return forwarded.rpartition(",")[2].strip().lower() == "https"
        return bool(scope.get("scheme") == "https")

    def _trusts(self, address: Address) -> bool:
        return includes(self._trusted, address)


def includes(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def is_listed(networks: Sequence[Network], address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and includes(networks, parsed)


def _forwarded_for(scope: Scope) -> Iterator[str]:
    """Nearest first; several header lines are one list (RFC 9110 §5.3)."""
    for key, value in reversed(scope["headers"]):
        if key == b"x-forwarded-for":
            yield from (hop.strip() for hop in reversed(value.decode("latin-1").split(",")))


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
