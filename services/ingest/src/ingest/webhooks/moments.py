"""When something happened, as senders write it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator

from ingest.fields import line, text

_UNIX = re.compile(r"-?[0-9]{1,13}(?:\.[0-9]+)?")
_MILLISECONDS_FROM = 10**11  # as seconds, the year 5138
_IFTTT = "%B %d, %Y at %I:%M%p"
_EARLIEST_YEAR = 1971  # 0001-01-01 and 0 stand for "never"
_CLOCKS_DIFFER_BY = timedelta(days=1)


def moment(value: object) -> datetime | None:
    """UTC of ISO 8601, Unix time in (milli)seconds or IFTTT's words; without a zone it is UTC.

    A time more than a day ahead is no time at which something has happened.
    """
    words = text(value)
    found = _parsed(words) if words else None
    if found is None or found.year < _EARLIEST_YEAR:
        return None
    return found if found <= datetime.now(UTC) + _CLOCKS_DIFFER_BY else None


def unread(value: object) -> str:
    """The words of a time that is none; "" when it is one, or when there are no words."""
    return "" if value is None or moment(value) else line(str(value)) or ""


def _parsed(words: str) -> datetime | None:
    try:
        if _UNIX.fullmatch(words):
            number = float(words)
            seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
            return datetime.fromtimestamp(seconds, UTC)
        if " at " in words:
            return datetime.strptime(words, _IFTTT).replace(tzinfo=UTC)
        found = datetime.fromisoformat(words)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


Moment = Annotated[datetime | None, BeforeValidator(moment)]
