"""The JSON of a menu: the shape PublicMenu of the public API, finished down to the bytes."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from menus.tree import Course, Item, Menu, Snapshot

ETAG_LENGTH = 32
# Names under which sources and tools tell who a thing belongs to: nothing for the public.
PRIVATE_KEYS = frozenset({"owner_id", "owner", "user_id", "user", "created_by", "created_by_id"})


class Document(NamedTuple):
    menu_id: UUID
    document: bytes
    etag: str


def build(menu: Menu, courses: Sequence[Course]) -> Document:
    """All fields are always there, nulls included; nothing tells who the owner is."""
    owner = str(menu.owner_id)
    content = {
        "id": str(menu.id),
        "title": menu.title,
        "description": menu.description,
        "slug": menu.slug,
        "is_public": menu.is_public,
        "created_at": _time(menu.created_at),
        "updated_at": _time(menu.updated_at),
        "courses": [_course(course, owner) for course in courses],
        "pairings": [],
    }
    document = orjson.dumps(content)
    etag = hashlib.sha256(document).hexdigest()[:ETAG_LENGTH]
    return Document(menu.id, document, etag)


def _course(course: Course, owner: str) -> dict[str, object]:
    return {
        "id": str(course.id),
        "title": course.title,
        "description": course.description,
        "intent": course.intent,
        "position": course.position,
        "updated_at": _time(course.updated_at),
        "items": [_item(item, owner) for item in course.items],
    }


def _item(item: Item, owner: str) -> dict[str, object]:
    return {
        "id": str(item.id),
        "media_item_id": str(item.media.media_item_id),
        "notes": item.notes,
        "position": item.position,
        "updated_at": _time(item.updated_at),
        "media_item": _media(item.media, owner),
    }


def _media(media: Snapshot, owner: str) -> dict[str, object]:
    return {
        "id": str(media.media_item_id),
        "media_type": media.media_type,
        "title": media.title,
        "subtitle": media.subtitle,
        "description": media.description,
        "release_date": media.release_date and media.release_date.isoformat(),
        "cover_image_url": media.cover_image_url,
        "canonical_url": media.canonical_url,
        "metadata": media.metadata_json and _public(orjson.loads(media.metadata_json), owner),
        "creators": media.creators,
    }


def _public(value: Any, owner: str) -> Any:
    """JSON without whatever names a person of ours."""
    if isinstance(value, dict):
        return {
            key: _public(inner, owner)
            for key, inner in value.items()
            if key not in PRIVATE_KEYS and owner not in (key, inner)
        }
    if isinstance(value, list):
        return [_public(inner, owner) for inner in value if inner != owner]
    if isinstance(value, str):
        return value.replace(owner, "")
    return value


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
