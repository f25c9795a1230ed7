"""Between the wire and what the use cases take and give."""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from common.requests import TooMany
from common.timestamps import timestamp
from ingest.clients.drafts import MEDIA_TYPES, to_proto
from ingest.connectors import CONNECTORS
from ingest.drafts import MediaType, Source
from ingest.errors import UnknownSource
from ingest.previews.errors import UnknownMediaType
from ingest.previews.likeness import Likeness, creators
from ingest.previews.question import Question, check_hits, check_query
from ingest.previews.saving import Saved
from ingest.previews.seeking import Found
from ingest.previews.shown import Answer, Shown, Status
from tastebuds.catalog.v1 import media_pb2
from tastebuds.catalog.v1.media_service_pb2 import MatchReason
from tastebuds.ingest.v1 import preview_service_pb2 as pb

MOST_NAMED = 50

STATUSES: "Mapping[Status, pb.SourceAnswerStatus.ValueType]" = MappingProxyType(
    {each: pb.SourceAnswerStatus.Value(f"SOURCE_ANSWER_STATUS_{each.name}") for each in Status}
)
REASONS: "Mapping[Likeness, MatchReason.ValueType]" = MappingProxyType(
    {each: MatchReason.Value(f"MATCH_REASON_{each.name}") for each in Likeness}
)
TYPES: "Mapping[media_pb2.MediaType.ValueType, MediaType]" = MappingProxyType(
    {wire: media_type for media_type, wire in MEDIA_TYPES.items()}
)


def to_question(request: pb.SearchSourcesRequest, user_id: UUID) -> Question:
    for field in ("sources", "media_types"):
        if len(getattr(request, field)) > MOST_NAMED:
            raise TooMany(field, MOST_NAMED)
    media_types = frozenset(map(_to_media_type, request.media_types))
    named = dict.fromkeys(map(_to_source, request.sources)) or CONNECTORS
    return Question(
        user_id=user_id,
        text=check_query(request.query),
        sources=[
            source
            for source in named
            if not media_types or CONNECTORS[source].media_types & media_types
        ],
        media_types=media_types,
        hits=check_hits(request.hits_per_source),
    )


def from_found(found: Found) -> pb.SearchSourcesResponse:
    return pb.SearchSourcesResponse(answers=[_from_answer(each, found) for each in found.answers])


def _from_answer(answer: Answer, found: Found) -> pb.SourceAnswer:
    return pb.SourceAnswer(
        source=answer.source,
        status=STATUSES[answer.status],
        hits=[_from_hit(shown, found) for shown in answer.shown],
        search_ms=answer.milliseconds,
        problem=answer.problem,
        from_previews=answer.from_previews,
    )


def _from_hit(shown: Shown, found: Found) -> pb.PreviewHit:
    hit = pb.PreviewHit(preview=from_shown(shown))
    known, twin = found.known.get(shown.id), found.twins.get(shown.id)
    if known is not None:
        hit.known.CopyFrom(known.item)
        hit.reason, hit.known_in_library = known.reason, known.in_library
    elif twin is not None:
        hit.same_as, hit.reason = str(twin.preview_id), REASONS[twin.reason]
    return hit


def from_shown(shown: Shown) -> pb.Preview:
    draft = shown.draft
    item = to_proto(draft).item
    item.creators.extend(creators(draft))
    return pb.Preview(
        id=str(shown.id),
        item=item,
        source_name=draft.source_name,
        external_id=draft.external_id,
        source_url=draft.source_url,
        expires_at=timestamp(shown.expires_at),
    )


def from_saved(saved: Saved) -> pb.SavedPreview:
    return pb.SavedPreview(
        preview_id=str(saved.shown.id), item=saved.stored.item, sources=saved.stored.sources
    )


def _to_source(name: str) -> Source:
    try:
        return Source(name)
    except ValueError as error:
        raise UnknownSource(name) from error


def _to_media_type(value: media_pb2.MediaType.ValueType) -> MediaType:
    if value not in TYPES:
        raise UnknownMediaType(value)
    return TYPES[value]
