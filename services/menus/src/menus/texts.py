"""What a person may write: within its length, and storable."""

from menus.errors import TextBlank, TextNotStorable, TextTooLong
from menus.limits import TITLE_LENGTH


def title(field: str, value: str) -> str:
    """Without surrounding white space; never blank."""
    kept = text(field, value.strip(), TITLE_LENGTH)
    if kept is None:
        raise TextBlank(field)
    return kept


def text(field: str, value: str, limit: int) -> str | None:
    """Empty means none."""
    if len(value) > limit:
        raise TextTooLong(field, limit)
    if "\0" in value:  # Postgres cannot store it
        raise TextNotStorable(field)
    return value or None
