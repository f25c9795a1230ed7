"""Types for members of what others send us: what is odd or empty is read as absent."""

import html
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import nh3
from pydantic import BaseModel, BeforeValidator, ConfigDict

from ingest.drafts import Json, Source
from ingest.errors import UpstreamGarbage

LONGEST_TITLE = 500
LONGEST_URL = 1024
LARGEST_COUNT = 2**31 - 1
LARGEST_WHOLE = 2**53
_EARLIEST_YEAR = 1000  # catalogues write 0101-01-01 for "unknown"

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|ul|ol|h[1-6]|blockquote)>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})(?:[T ].*)?)?)?")


class Part(BaseModel):
    """A part of a reply: unknown members are ignored."""

    # An error's words end up in logs and dead letters; what was read may be a secret.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def text(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = whole(value)  # 603.0 is how some write 603
        value = str(value if number is None else number)
    if not isinstance(value, str):
        return None
    return _CONTROL.sub("", value).strip() or None


def line(value: object) -> str | None:
    """A title: one line, not longer than a title may be."""
    words = text(value)
    return " ".join(words.split())[:LONGEST_TITLE].strip() or None if words else None


def prose(value: object) -> str | None:
    """Plain text of what may be HTML."""
    words = text(value)
    if words is None:
        return None
    if _TAG.search(words):
        words = nh3.clean(_BREAK.sub("\n", words), tags=set())
    words = _CONTROL.sub("", html.unescape(words)).replace("\xa0", " ").replace("\r\n", "\n")
    lines = [" ".join(row.split()) for row in words.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() or None


def whole(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not -LARGEST_WHOLE <= value <= LARGEST_WHOLE:  # JSON knows no bound, its writers do
        return None
    return int(value) if value == int(value) else None


def positive(value: object) -> int | None:
    """A count that fits a database integer; 0 is how many upstreams say "unknown"."""
    number = whole(value)
    return number if number is not None and 0 < number <= LARGEST_COUNT else None


def ordinal(value: object) -> int | None:
    """The number of a season or an episode, where 0 stands for specials."""
    number = whole(value)
    return number if number is not None and 0 <= number <= LARGEST_COUNT else None


def flag(value: object) -> bool | None:
    """Templates write booleans as "True", and scripts as 1."""
    words = str(value).strip().casefold() if isinstance(value, bool | int | str) else ""
    return _FLAGS.get(words)


def number(value: object) -> float | None:
    try:
        parsed = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return parsed if math.isfinite(parsed) and not isinstance(value, bool) else None


def day(value: object) -> date | None:
    """The first day of YYYY, YYYY-MM or YYYY-MM-DD."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[1]) < _EARLIEST_YEAR:
        return None
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None


def day_of_unix(value: object) -> date | None:
    seconds = whole(value)
    try:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return None if seconds is None else (epoch + timedelta(seconds=seconds)).date()
    except OverflowError:
        return None


def https(value: object) -> str | None:
    """A web address as https, whatever scheme (or none: `//host/…`) it came with."""
    address = re.sub(r"^(?:https?:)?//", "https://", text(value) or "", flags=re.IGNORECASE)
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return None
    usable = address.startswith("https://") and host and len(address) <= LONGEST_URL
    return address if usable and not re.search(r"[\s<>\"]", address) else None


def listed(value: object) -> tuple[object, ...]:
    """One element may come without its array."""
    if isinstance(value, list | tuple):
        return tuple(value)
    return () if value in (None, "") else (value,)


def objects(value: object) -> tuple[object, ...]:
    return tuple(each for each in listed(value) if isinstance(each, Mapping | BaseModel))


def texts(value: object) -> tuple[str, ...]:
    return unique(text(each) for each in listed(value))


def one_object(value: object) -> object | None:
    found = objects(value)
    return found[0] if found else None


def unique(values: Iterable[str | None]) -> tuple[str, ...]:
    """Those that are there, once each, in their order."""
    return tuple(dict.fromkeys(value for value in values if value))


Text = Annotated[str | None, BeforeValidator(text)]
Line = Annotated[str | None, BeforeValidator(line)]
Prose = Annotated[str | None, BeforeValidator(prose)]
Whole = Annotated[int | None, BeforeValidator(whole)]
Positive = Annotated[int | None, BeforeValidator(positive)]
Ordinal = Annotated[int | None, BeforeValidator(ordinal)]
Flag = Annotated[bool | None, BeforeValidator(flag)]
Number = Annotated[float | None, BeforeValidator(number)]
Day = Annotated[date | None, BeforeValidator(day)]
UnixDay = Annotated[date | None, BeforeValidator(day_of_unix)]
Https = Annotated[str | None, BeforeValidator(https)]
Texts = Annotated[tuple[str, ...], BeforeValidator(texts)]

_P = TypeVar("_P", bound=Part)
Parts = Annotated[tuple[_P, ...], BeforeValidator(objects)]
Maybe = Annotated[_P | None, BeforeValidator(one_object)]


class Named(Part):
    name: Line = None


def names(parts: Iterable[Named]) -> tuple[str, ...]:
    return unique(part.name for part in parts)


def read(model: type[_P], document: object, source: Source) -> _P:
    """The reply as `model`, whose members are all tolerant: only a non-object is garbage."""
    if not isinstance(document, Mapping):
        raise UpstreamGarbage(source, "not a JSON object")
    return model.model_validate(document)


def present(members: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value is not None}
