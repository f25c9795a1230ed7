"""Columns read of a work, and the value they make."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Text, Uuid, bindparam, cast, func, select

from catalog.media.items import (
    Book,
    Extension,
    Facts,
    Game,
    Item,
    MediaType,
    Music,
    Override,
    Screen,
    Source,
    SourcedItem,
    SourceKey,
)
from catalog.models import Book as BookTable
from catalog.models import Game as GameTable
from catalog.models import MediaItem, MediaSource, MusicTrack
from catalog.models import Override as OverrideTable
from catalog.models import Screen as ScreenTable

# What lists show. The text of the jsonb goes to the caller as it is, so it is never parsed here.
SHOWN_COLUMNS: tuple[Any, ...] = (
    MediaItem.id,
    MediaItem.media_type,
    MediaItem.title,
    MediaItem.subtitle,
    MediaItem.description,
    MediaItem.release_date,
    MediaItem.cover_image_url,
    MediaItem.canonical_url,
    cast(MediaItem.metadata_, Text).label("metadata_json"),
    MediaItem.creators,
)
BASE_COLUMNS: tuple[Any, ...] = (
    *SHOWN_COLUMNS,
    MediaItem.popularity,
    MediaItem.version,
    MediaItem.created_at,
    MediaItem.updated_at,
)
KIND_TABLES: tuple[Any, ...] = tuple(
    table.__table__ for table in (BookTable, ScreenTable, GameTable, MusicTrack)
)
KIND_COLUMNS: tuple[Any, ...] = tuple(
    column for table in KIND_TABLES for column in table.columns if not column.primary_key
)


def provenance_columns() -> tuple[ColumnElement[str], ...]:
    """Of the work of the outer query, each the text of JSON: sources, oldest first; whose word its
    fields are; the overrides of everybody and of the person :reader_id."""
    source = func.json_build_array(
        MediaSource.id,
        MediaSource.source_name,
        MediaSource.external_id,
        MediaSource.canonical_url,
        MediaSource.fetched_at,
    )
    override = func.json_build_array(
        OverrideTable.field,
        OverrideTable.value,
        OverrideTable.replaced,
        OverrideTable.user_id,
        OverrideTable.set_at,
    )
    of_reader = OverrideTable.user_id == bindparam("reader_id", type_=Uuid)
    return (
        select(cast(func.json_agg(source).aggregate_order_by(MediaSource.id), Text))
        .where(MediaSource.media_item_id == MediaItem.id)
        .correlate(MediaItem)
        .scalar_subquery()
        .label("sources_json"),
        cast(MediaItem.field_sources, Text).label("field_sources_json"),
        select(cast(func.json_agg(override), Text))
        .where(
            OverrideTable.media_item_id == MediaItem.id,
            OverrideTable.user_id.is_(None) | of_reader,
        )
        .correlate(MediaItem)
        .scalar_subquery()
        .label("overrides_json"),
    )


def to_item(row: Any, extension: Extension | None = None) -> Item:
    facts = Facts(
        media_type=MediaType(row.media_type),
        title=row.title,
        subtitle=row.subtitle,
        description=row.description,
        release_date=row.release_date,
        cover_image_url=row.cover_image_url,
        canonical_url=row.canonical_url,
        metadata_json=row.metadata_json,
        creators=tuple(row.creators),
        extension=extension,
    )
    return Item(
        id=row.id,
        facts=facts,
        popularity=row.popularity,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_full_item(row: Any) -> Item:
    return to_item(row, _extension(row))


def to_sourced_item(row: Any) -> SourcedItem:
    """Of a row with the provenance."""
    owners = row.field_sources_json and orjson.loads(row.field_sources_json)
    return SourcedItem(
        to_full_item(row),
        _sources(row.sources_json),
        owners and {field: UUID(source_id) for field, source_id in owners.items()},
        _overrides(row.overrides_json),
    )


def _sources(json: str | None) -> tuple[Source, ...]:
    return tuple(
        Source(
            id=UUID(source_id),
            key=SourceKey(name, external_id),
            canonical_url=url,
            fetched_at=datetime.fromisoformat(fetched_at),
        )
        for source_id, name, external_id, url, fetched_at in orjson.loads(json or "[]")
    )


def _overrides(json: str | None) -> tuple[Override, ...]:
    return tuple(
        Override(
            field=field,
            value=value,
            replaced=replaced,
            user_id=user_id and UUID(user_id),
            set_at=datetime.fromisoformat(set_at),
        )
        for field, value, replaced, user_id, set_at in orjson.loads(json or "[]")
    )


def _extension(row: Any) -> Extension:
    match row.media_type:
        case MediaType.BOOK:
            return Book(
                authors=tuple(row.authors or ()),
                page_count=row.page_count,
                publisher=row.publisher,
                language=row.language,
                isbn_10=row.isbn_10,
                isbn_13=row.isbn_13,
            )
        case MediaType.GAME:
            return Game(
                platforms=tuple(row.platforms or ()),
                developers=tuple(row.developers or ()),
                publishers=tuple(row.publishers or ()),
                genres=tuple(row.genres or ()),
            )
        case MediaType.MUSIC:
            return Music(
                artist_name=row.artist_name,
                album_name=row.album_name,
                track_number=row.track_number,
                duration_ms=row.duration_ms,
                mbid=row.mbid,
            )
        case _:
            return Screen(
                runtime_minutes=row.runtime_minutes,
                directors=tuple(row.directors or ()),
                producers=tuple(row.producers or ()),
                tmdb_type=row.tmdb_type,
                imdb_id=row.imdb_id,
            )
