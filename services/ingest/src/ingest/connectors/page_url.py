"""The address of a page, taken apart without trusting it."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class PageUrl:
    """`segments` are the non-empty parts of the path, still percent-encoded."""

    host: str
    segments: tuple[str, ...]
    query: dict[str, str]
    fragment: str


def read_page_url(url: str) -> PageUrl | None:
    """None unless it is an http(s) address; the host is the one a browser would go to."""
    # A browser reads a backslash as a slash: "https://evil.example\@themoviedb.org/".
    if re.search(r"[\s\\\x00-\x1f]", url.strip()):
        return None
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    return PageUrl(
        host=host,
        segments=tuple(segment for segment in parts.path.split("/") if segment),
        query=dict(parse_qsl(parts.query)),
        fragment=parts.fragment,
    )
