"""What a request prefers: the Prefer header, RFC 7240."""

import re
from collections.abc import Sequence

RESPOND_ASYNC = "respond-async"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def prefers(lines: Sequence[str], preference: str) -> bool:
    """Whether one of the header's lines names it; unknown ones are ignored, as the RFC asks."""
    return any(
        part.partition(";")[0].strip().lower() == preference
        for line in lines
        for part in _QUOTED.sub("", line).split(",")
    )
