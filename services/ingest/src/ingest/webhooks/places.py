"""Which episode somebody means, as people write it: 1 and 3, "S01" and "E03", or "S01E03"."""

import re

from ingest import fields
from ingest.webhooks.happenings import Episode

_SEASON = re.compile(r"(?:s|season)?[ ._]*([0-9]+)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:e|ep|episode)?[ ._]*([0-9]+)(?: ?- ?e?([0-9]+))?", re.IGNORECASE)
_BOTH = re.compile(
    r"(?:s|season)?[ ._]*([0-9]+)[ ._-]*(?:e|ep|episode|x)[ ._]*([0-9]+)(?: ?- ?e?([0-9]+))?",
    re.IGNORECASE,
)


def episode(season: object, number: object) -> Episode | None:
    """None only when neither says anything: whoever writes something there means no whole series,
    even if nobody can read it; it is told apart from others by its words then."""
    season_words, words = _words(season), _words(number)
    if both := _BOTH.fullmatch(words) or _BOTH.fullmatch(season_words):
        return _episode(both[1], both[2], both[3])
    in_season, in_words = _SEASON.fullmatch(season_words), _NUMBER.fullmatch(words)
    found = _episode(
        in_season[1] if in_season else None,
        in_words[1] if in_words else None,
        in_words[2] if in_words else None,
    )
    unread = [season_words] if season_words and found.season is None else []
    unread += [words] if words and found.number is None else []
    if unread:
        return Episode(season=found.season, number=found.number, title=" ".join(unread))
    return found if season_words or words else None


def _episode(season: str | None, number: str | None, last: str | None) -> Episode:
    return Episode(
        season=fields.ordinal(season),
        number=fields.ordinal(number),
        last_number=fields.ordinal(last),
    )


def _words(value: object) -> str:
    if value is None:
        return ""
    whole = fields.whole(value)
    return fields.line(str(value if whole is None else whole)) or ""
