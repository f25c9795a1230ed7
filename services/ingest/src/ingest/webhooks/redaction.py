"""Documents without what is secret or somebody else's, before they are kept and shown."""

import re
from collections.abc import Mapping

from ingest.drafts import Json
from ingest.webhooks.documents import DEEPEST

REDACTED = "[redacted]"
_SMELL = (
    r"token|passw|passphrase|secret|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|authori[sz]ation"
    r"|cookie|credential|session[-_ ]?(?:id|key|token)\b"
)
_NAME = re.compile(rf"{_SMELL}|e[-_ ]?mail|^(?:auth|pass|pwd|jwt|bearer)$", re.IGNORECASE)
_OTHER = r"[^=?&;#\s]{0,64}"
_IN_QUERY = re.compile(rf"([?&;#]{_OTHER}(?:{_SMELL}){_OTHER}=)[^&;#\s\"'<>]+", re.IGNORECASE)
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s?#]+@")
# Of pairs such as {"name": "Authorization", "value": "…"}.
_PAIR_NAMES = ("name", "key", "header")


def redact(document: Mapping[str, Json]) -> dict[str, Json]:
    """The same with REDACTED for each value whose name smells of a secret or of an e-mail address,
    and for secrets in addresses. What is too deep to look at is redacted too."""
    return _members(document, DEEPEST)


def _members(members: Mapping[str, Json], depth: int) -> dict[str, Json]:
    secret_pair = any(_is_secret(members.get(name)) for name in _PAIR_NAMES)
    return {
        name: REDACTED
        if value not in (None, "") and (_is_secret(name) or (secret_pair and name == "value"))
        else _inner(value, depth - 1)
        for name, value in members.items()
    }


def _is_secret(name: Json) -> bool:
    return isinstance(name, str) and _NAME.search(name) is not None


def _inner(value: Json, depth: int) -> Json:
    if isinstance(value, str):
        return _IN_QUERY.sub(rf"\1{REDACTED}", _USER_IN_URL.sub(f"{REDACTED}@", value))
    if not isinstance(value, Mapping | list):
        return value
    if depth <= 0:
        return REDACTED
    if isinstance(value, Mapping):
        return _members(value, depth)
    return [_inner(each, depth - 1) for each in value]
