"""What may be stored: characters, lengths, addresses, sizes."""

import re
import unicodedata
from collections.abc import Iterable

import orjson

from catalog.models import LONGEST_NAME, LONGEST_URL

LONGEST_DESCRIPTION = 20_000
LARGEST_METADATA = 50_000
LARGEST_RAW_PAYLOAD = 250_000
MOST_NAMES = 50
ISBN_13_DIGITS = 13

# Control characters but tab and line feed, spaces of no width, and halves of surrogate pairs:
# Postgres takes no NUL, UTF-8 no surrogate, and nobody reads the rest.
_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\ud800-\udfff]")
_URL = re.compile(
    r"https?://(?:[\w.~-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:[/?#]\S*)?", re.IGNORECASE
)
_ISBN_10 = re.compile(r"[0-9]{9}[0-9X]")
_ISBN_13 = re.compile(r"97[89][0-9]{10}")


def readable(value: str | None) -> str | None:
    """The text in composed form (NFC) without what cannot be read; None when nothing is left."""
    if not value:
        return None
    return unicodedata.normalize("NFC", _UNREADABLE.sub("", value)).strip() or None


def line(value: str | None) -> str | None:
    words = readable(value)
    return " ".join(words.split()) if words else None


def cut(value: str | None, longest: int) -> str | None:
    if value is None or len(value) <= longest:
        return value
    return value[: longest - 1].rstrip() + "…"


def is_url(value: str) -> bool:
    """Whether this is an http(s) address that can be stored and shown; never with a password."""
    return len(value) <= LONGEST_URL and _URL.fullmatch(value) is not None


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Each name once, in order, the first fifty."""
    known = dict.fromkeys(name for value in values if (name := cut(line(value), LONGEST_NAME)))
    return tuple(known)[:MOST_NAMES]


def isbn(value: str | None, digits: int) -> str | None:
    """The ISBN without hyphens when its check digit is right (ISO 2108), else None."""
    plain = (value or "").replace("-", "").replace(" ", "").upper()
    form = _ISBN_13 if digits == ISBN_13_DIGITS else _ISBN_10
    return plain if form.fullmatch(plain) and plain == with_check_digit(plain[:-1]) else None


def with_check_digit(isbn: str) -> str:
    """The first 9 or 12 digits of an ISBN, and the last one that makes them right."""
    if len(isbn) == ISBN_13_DIGITS - 1:
        weighted = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(isbn))
        return f"{isbn}{-weighted % 10}"
    weighted = sum(int(d) * (10 - i) for i, d in enumerate(isbn))
    return isbn + "0123456789X"[-weighted % 11]


def json_object(text: str | None) -> str | None:
    """The text of a JSON object as Postgres takes it; None when it is something else or empty."""
    if not text or not text.strip():
        return None
    try:
        value = orjson.loads(_without_unreadable_escapes(text))
    except orjson.JSONDecodeError:
        return None
    return orjson.dumps(value).decode() if isinstance(value, dict) and value else None


def json_within(content: bytes, most: int) -> bytes:
    """The content, or when it is larger a JSON object that says so."""
    if len(content) <= most:
        return content
    return orjson.dumps(
        {"truncated": True, "reason": "too_large", "size_bytes": len(content), "max_bytes": most}
    )


def _without_unreadable_escapes(text: str) -> str:
    """JSON can spell by escapes what no database stores: NUL, and surrogates without a partner."""
    text = _UNREADABLE.sub("", text)
    if "\\u" not in text:
        return text
    return _ESCAPES.sub(lambda found: "" if found["lost"] else found[0], text)


# Read from left to right: an escaped backslash and a whole pair are passed over first.
_ESCAPES = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lost>\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
