"""Where a request came from, as far as the gateway could tell."""

from dataclasses import dataclass
from ipaddress import IPv6Network, ip_address
from typing import Self

from auth.models import MAX_USER_AGENT

IPV6_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class Origin:
    address: str | None = None
    user_agent: str | None = None

    @classmethod
    def parse(cls, address: str, user_agent: str) -> Self:
        """Never fails: what cannot be read or stored is left out."""
        try:
            parsed = ip_address(address.strip().partition("%")[0])
        except ValueError:
            readable = None
        else:
            mapped = parsed.ipv4_mapped if parsed.version == 6 else None  # noqa: PLR2004
            readable = str(mapped or parsed)
        shown = "".join(letter for letter in user_agent if letter.isprintable())
        return cls(readable, shown[:MAX_USER_AGENT] or None)

    @property
    def network(self) -> str | None:
        """What one subscriber holds: an IPv4 address, or the /64 around an IPv6 address."""
        if self.address is None or ":" not in self.address:
            return self.address
        return str(IPv6Network((self.address, IPV6_SITE_BITS), strict=False))
