"""The JSON object in a body: as it is, in a part of a multipart form, or in a field of a form."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import orjson

from ingest.drafts import Json
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.multipart import boundary_of, parts_of

MOST_BYTES = 1024 * 1024
DEEPEST = 64
_MOST_FIELDS = 100
# Plex posts its JSON in `payload`, Emby in `data`.
_JSON_FIELDS = ("payload", "data", "json")
_TOO_DEEP = f"it is nested deeper than {DEEPEST} levels"
# What is JSON all the same, by the words of who reads it.
_REASONS = {
    "depth limit exceeded": _TOO_DEEP,
    "number is infinity when parsed as double": "a number in it is too large",
}
_FORM = re.compile(rb"\s*[\w.%+\[\]-]+=")


def open_document(body: bytes, content_type: str) -> Mapping[str, Json]:
    """The object that `body` holds. Raises Unreadable.

    What kind of body it is, its first bytes tell, because senders do not tell the truth about it:
    Jellyfin's plugin calls JSON text/plain.
    """
    if len(body) > MOST_BYTES:
        raise Unreadable(f"it has more than {MOST_BYTES} bytes")
    if not body.strip():
        raise Unreadable("it is empty")
    boundary = boundary_of(body, content_type)
    if boundary is not None:
        return _object(_json_among(parts_of(body, boundary)))
    if _FORM.match(body):
        fields = _fields(body)
        return fields if _is_flat(fields) else _object(_json_among(fields))
    return _object(body)


def _json_among(fields: Mapping[str, str | bytes]) -> str | bytes:
    for name in _JSON_FIELDS:
        if name in fields:
            return fields[name]
    raise Unreadable(f"the form has none of the fields {', '.join(_JSON_FIELDS)}")


def _is_flat(fields: Mapping[str, str]) -> bool:
    """Whether the fields are themselves the members, as a script's plain form has them."""
    return not any(fields.get(name, "").lstrip().startswith("{") for name in _JSON_FIELDS)


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(_text(body).strip(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Unreadable(f"the form has more than {_MOST_FIELDS} fields") from error
    return dict(pairs)


def _object(body: bytes | str) -> Mapping[str, Json]:
    try:
        document = orjson.loads(_text(body) if isinstance(body, bytes) else body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(_REASONS.get(error.msg, "it is not JSON")) from error
    if not isinstance(document, Mapping):
        raise Unreadable("it is JSON, but not an object")
    if _is_deeper(document, DEEPEST):
        raise Unreadable(_TOO_DEEP)
    return document


def _text(body: bytes) -> str:
    """UTF-8 or, from Windows, UTF-16, with or without its mark."""
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError as error:
        raise Unreadable("it is neither UTF-8 nor UTF-16") from error


def _is_deeper(document: Mapping[str, Json], most: int) -> bool:
    level: list[Mapping[str, Json] | list[Json]] = [document]
    for _ in range(most):
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, Mapping) else each)
            if isinstance(inner, Mapping | list)
        ]
        if not level:
            return False
    return True
