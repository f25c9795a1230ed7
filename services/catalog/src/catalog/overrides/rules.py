"""What may be said instead of what sources say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from catalog.media.changes import revised
from catalog.media.drafts import bounded_facts
from catalog.media.entries import shown_faults
from catalog.media.errors import InvalidMedia
from catalog.media.items import Facts, MediaType, Override, SourcedItem
from catalog.media.provenance import OVERRIDABLE, Field, said, text_of

# By field, as text; None where the sources have the word again.
Values = Mapping[str, str | None]


def fit(values: Values) -> Values:
    """The values as they are stored. Raises InvalidMedia with a sentence for each wrong field."""
    faults = {field: "cannot be overridden" for field in values if field not in OVERRIDABLE}
    facts = Facts(
        media_type=MediaType.BOOK,
        title=values.get(Field.TITLE) or "",
        subtitle=values.get(Field.SUBTITLE),
        description=values.get(Field.DESCRIPTION),
        cover_image_url=values.get(Field.COVER_IMAGE_URL),
    )
    try:
        facts = replace(facts, release_date=_day(values.get(Field.RELEASE_DATE)))
    except ValueError:
        faults[Field.RELEASE_DATE] = "must be a date such as 1999-03-31"
    faults |= dict(shown_faults(facts))
    stored = bounded_facts(facts)
    fitting = {
        field: None if text is None else text_of(stored, field)
        for field, text in values.items()
        if field not in faults
    }
    faults |= {
        field: "must not be empty"
        for field, text in fitting.items()
        if values[field] is not None and not text
    }
    if faults:
        raise InvalidMedia(faults)
    return fitting


def set_by(user_id: UUID | None, values: Values, at: datetime) -> tuple[Override, ...]:
    """Of a person's own, or without one of everybody's."""
    return tuple(
        Override(field=field, value=text, replaced=None, user_id=user_id, set_at=at)
        for field, text in values.items()
        if text is not None
    )


def for_everybody(before: SourcedItem, values: Values, at: datetime) -> SourcedItem:
    """The work with these values, and where there is none with what the sources say."""
    kept = tuple(one for one in before.overrides if one.field not in values)
    after = replace(before, overrides=(*kept, *set_by(None, values, at)))
    return revised(after, said(before), before.item.popularity, at)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
