"""The rows that a write makes of a work, in the shape in which Postgres takes them (JSON)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from catalog.media.indexing import SearchEntry, search_entry
from catalog.media.items import Draft, Extension, Item, Source, SourcedItem


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """A row of media_items, of its kind's table and of item_search."""

    id: UUID
    media_type: str
    title: str
    subtitle: str | None
    description: str | None
    release_date: date | None
    cover_image_url: str | None
    canonical_url: str | None
    metadata_json: str | None
    creators: tuple[str, ...]
    popularity: float
    version: int
    created_at: datetime
    updated_at: datetime
    extension: Extension | None
    field_sources: Mapping[str, UUID] | None
    search: SearchEntry


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A row of media_sources but its payload, which is no JSON."""

    id: UUID
    media_item_id: UUID
    source_name: str
    external_id: str
    canonical_url: str | None
    raw_payload_bytes: int
    popularity: float | None
    created_by: UUID | None
    fetched_at: datetime


def item_record(stored: SourcedItem) -> ItemRecord:
    item, facts = stored.item, stored.item.facts
    return ItemRecord(
        id=item.id,
        media_type=facts.media_type,
        title=facts.title,
        subtitle=facts.subtitle,
        description=facts.description,
        release_date=facts.release_date,
        cover_image_url=facts.cover_image_url,
        canonical_url=facts.canonical_url,
        metadata_json=facts.metadata_json,
        creators=facts.creators,
        popularity=item.popularity,
        version=item.version,
        created_at=item.created_at,
        updated_at=item.updated_at,
        extension=facts.extension,
        field_sources=stored.field_sources,
        search=search_entry(item),
    )


def source_record(item: Item, source: Source, draft: Draft) -> SourceRecord:
    return SourceRecord(
        id=source.id,
        media_item_id=item.id,
        source_name=source.key.source_name,
        external_id=source.key.external_id,
        canonical_url=source.canonical_url,
        raw_payload_bytes=draft.raw_payload_bytes,
        popularity=draft.popularity,
        created_by=draft.created_by,
        fetched_at=source.fetched_at,
    )
