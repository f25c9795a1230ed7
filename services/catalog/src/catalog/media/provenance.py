"""Whose word each field of a work is: pure rules.

A work of one source is as that source says. From the second on, each field that has a value is the
word of one of them: later sources fill what is empty, and a refresh changes a source's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from catalog.media.items import (
    EXTENSIONS,
    Facts,
    Source,
    SourcedItem,
    creators_of,
)


class Field(StrEnum):
    """What has a source of its own, as it is called on the wire."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    DESCRIPTION = "description"
    RELEASE_DATE = "release_date"
    COVER_IMAGE_URL = "cover_image_url"
    CANONICAL_URL = "canonical_url"
    METADATA = "metadata"
    # The people named are those of the details.
    CREATORS = "creators"
    DETAILS = "details"


_ATTRIBUTES: Mapping[Field, str] = MappingProxyType(
    {field: field.value for field in Field}
    | {Field.METADATA: "metadata_json", Field.DETAILS: "extension"}
)
SOURCED = tuple(field for field in Field if field is not Field.CREATORS)
OVERRIDABLE = (
    Field.TITLE,
    Field.SUBTITLE,
    Field.DESCRIPTION,
    Field.RELEASE_DATE,
    Field.COVER_IMAGE_URL,
)
# Fields by the row of the source whose word they are.
FieldSources = Mapping[str, UUID]
OWN = "own"
OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Said:
    """What the sources say, before anybody overrides it, and which of them each field is from.

    None while there has been only one source.
    """

    facts: Facts
    field_sources: FieldSources | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of a field comes from, and when it was said or set."""

    field: Field
    source_name: str
    external_id: str
    at: datetime


def has(facts: Facts, field: Field) -> bool:
    value = getattr(facts, _ATTRIBUTES[field])
    if field is Field.DETAILS:
        return value is not None and value != type(value)()
    return bool(value)


def said(stored: SourcedItem) -> Said:
    """Of a work as it is stored, with everybody's overrides."""
    facts = with_values(
        stored.item.facts,
        {one.field: one.replaced for one in stored.overrides if one.user_id is None},
    )
    return Said(facts, stored.field_sources)


def of_each(before: Said, sources: Sequence[Source]) -> Said:
    """The same, with the source of each field: the oldest of all that has a value, unless known."""
    if before.field_sources is not None or not sources:
        return before
    filled = [field.value for field in SOURCED if has(before.facts, field)]
    return replace(before, field_sources=dict.fromkeys(filled, sources[0].id))


def renewed(before: Said, source_id: UUID, answer: Facts) -> Said:
    """After a source's answer: its own fields are as it says now, and it fills what is empty."""
    facts, owners = before.facts, dict(before.field_sources or {})
    for field in SOURCED:
        owner = owners.get(field)
        fits = field is not Field.DETAILS or owner or answer.media_type is facts.media_type
        if owner not in (None, source_id) or not fits:
            continue
        facts = _taken_over(facts, field, answer)
        if has(answer, field):
            owners[field.value] = source_id
        else:
            owners.pop(field, None)
    return Said(facts, owners)


def filled(before: Said, other: Said) -> Said:
    """What is empty is as the other's sources say; both know the source of each field."""
    facts, owners = before.facts, dict(before.field_sources or {})
    for field in SOURCED:
        owner = (other.field_sources or {}).get(field)
        if owner is not None and not has(facts, field):
            facts = _taken_over(facts, field, other.facts)
            owners[field.value] = owner
    return Said(facts, owners)


def without(before: Said, source_ids: Iterable[UUID]) -> Said:
    """When these sources are a work's no longer, what they said is not said of it either.

    The title stays: a work has one.
    """
    gone = set(source_ids)
    facts, owners = before.facts, dict(before.field_sources or {})
    nothing = Facts(
        media_type=facts.media_type, title=facts.title, extension=EXTENSIONS[facts.media_type]()
    )
    for field in [field for field, owner in owners.items() if owner in gone]:
        del owners[field]
        facts = _taken_over(facts, Field(field), nothing)
    return Said(facts, owners)


def with_values(facts: Facts, values: Mapping[str, str | None]) -> Facts:
    """With these values as text; the title stays when there is none."""
    changes: dict[str, object] = {}
    for field, text in values.items():
        if field == Field.RELEASE_DATE:
            changes[field] = date.fromisoformat(text) if text else None
        elif field != Field.TITLE or text:
            changes[field] = text
    return replace(facts, **changes) if changes else facts  # type: ignore[arg-type]


def text_of(facts: Facts, field: str) -> str | None:
    """The value of a field that can be overridden, as text."""
    value = getattr(facts, field)
    return None if value is None else str(value)


def origins(stored: SourcedItem) -> list[Origin]:
    """Of each field that has a value; a person's own override goes before everybody's."""
    shown = as_seen(stored)
    owners = of_each(said(stored), stored.sources).field_sources or {}
    sources = {source.id: source for source in stored.sources}
    overrides = {one.field: one for one in stored.overrides if one.user_id is None}
    overrides |= {one.field: one for one in stored.overrides if one.user_id is not None}
    found = []
    for field in Field:
        owner = owners.get(Field.DETAILS if field is Field.CREATORS else field)
        if not has(shown, field):
            continue
        if field in overrides:
            name = OVERRIDE if overrides[field].user_id is None else OWN
            found.append(Origin(field, name, "", overrides[field].set_at))
        elif owner in sources:
            key = sources[owner].key
            found.append(Origin(field, key.source_name, key.external_id, sources[owner].fetched_at))
    return found


def as_seen(stored: SourcedItem) -> Facts:
    """With the overrides of the person for whom it was read."""
    own = {one.field: one.value for one in stored.overrides if one.user_id is not None}
    return with_values(stored.item.facts, own)


def _taken_over(facts: Facts, field: Field, answer: Facts) -> Facts:
    if field is not Field.DETAILS:
        return replace(facts, **{_ATTRIBUTES[field]: getattr(answer, _ATTRIBUTES[field])})
    return replace(
        facts,
        media_type=answer.media_type,
        extension=answer.extension,
        creators=creators_of(answer.extension),
    )
