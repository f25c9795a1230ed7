"""Drafts as they are kept in a preview, with caps on what a source can make us keep."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import date
from typing import Any

import orjson

from ingest.drafts import (
    BookDraft,
    Extension,
    GameDraft,
    Json,
    MediaDraft,
    MediaType,
    MusicDraft,
    ScreenDraft,
    Source,
)

MOST_METADATA_BYTES = 20_000
MOST_PAYLOAD_BYTES = 50_000
LONGEST_DESCRIPTION = 20_000
LONGEST_EXTERNAL_ID = 500
MOST_NAMES = 50
LONGEST_NAME = 200
LEFT_OUT = {"raw_payload", "availability"}
# What is shown of something that was too long.
EXCERPT_LENGTH = 1000

EXTENSIONS: Mapping[MediaType, type[Extension]] = {
    MediaType.BOOK: BookDraft,
    MediaType.MOVIE: ScreenDraft,
    MediaType.TV: ScreenDraft,
    MediaType.GAME: GameDraft,
    MediaType.MUSIC: MusicDraft,
}


def capped(draft: MediaDraft) -> MediaDraft:
    """The draft as it may be kept."""
    metadata = orjson.dumps(draft.metadata)
    payload, description = draft.raw_payload, draft.description
    if len(metadata) > MOST_METADATA_BYTES:
        draft = replace(draft, metadata=_truncated(metadata, MOST_METADATA_BYTES))
    if len(payload) > MOST_PAYLOAD_BYTES:
        marker = _truncated(payload, MOST_PAYLOAD_BYTES)
        draft = replace(draft, raw_payload=orjson.dumps(marker))
    return replace(
        draft,
        description=description[:LONGEST_DESCRIPTION] if description else None,
        extension=_cut(draft.extension),
    )


def whole_facts(draft: MediaDraft) -> MediaDraft:
    """Without metadata that are cut: the catalogue keeps facts."""
    return replace(draft, metadata={}) if "truncated" in draft.metadata else draft


def write(draft: MediaDraft) -> dict[str, Json]:
    """All but its raw payload; searches tell nothing of availability."""
    document = {name: value for name, value in asdict(draft).items() if name not in LEFT_OUT}
    released = draft.release_date
    return {**document, "release_date": released.isoformat() if released else None}


def read(document: Mapping[str, Any], raw_payload: bytes) -> MediaDraft:
    """Without members that are not known here: a newer replica may have written it."""
    media_type, released = MediaType(document["media_type"]), document["release_date"]
    extension = EXTENSIONS[media_type]
    details: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in _members(extension, document["extension"]).items()
    }
    known = {
        "media_type": media_type,
        "source_name": Source(document["source_name"]),
        "release_date": date.fromisoformat(released) if released else None,
        "extension": extension(**details),
        "raw_payload": raw_payload,
    }
    return MediaDraft(**{**_members(MediaDraft, document), **known})


def _members(kind: type[MediaDraft | Extension], document: Mapping[str, Any]) -> dict[str, Any]:
    return {each.name: document[each.name] for each in fields(kind) if each.name in document}


def _truncated(document: bytes, most: int) -> dict[str, Json]:
    return {
        "truncated": True,
        "reason": "too_large",
        "size_bytes": len(document),
        "max_bytes": most,
        "preview": document[:EXCERPT_LENGTH].decode(errors="ignore"),
    }


def _cut(extension: Extension) -> Extension:
    """Of names and other words, as many and as long as the catalogue takes."""
    short: dict[str, Any] = {}
    for name, value in asdict(extension).items():
        if isinstance(value, tuple):
            short[name] = tuple(each[:LONGEST_NAME] for each in value[:MOST_NAMES])
        else:
            short[name] = value[:LONGEST_NAME] if isinstance(value, str) else value
    return replace(extension, **short)
