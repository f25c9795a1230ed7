"""Search on the wire."""

from collections.abc import Iterable

from catalog.availability.messages import from_summary
from catalog.media.indexing import words
from catalog.media.items import MediaType
from catalog.media.messages import from_media_type, to_media_type
from catalog.search.hits import Hit, MatchedBy, Results, Suggestion
from catalog.search.questions import Filters
from catalog.search.service import Asked
from common.requests import TooMany, caller_or_none, current_caller
from tastebuds.catalog.v1 import media_pb2
from tastebuds.catalog.v1 import search_service_pb2 as pb

MOST_TAGS = 20
LONGEST_CREATOR = 200

_MATCHED_BY = {
    None: pb.MATCHED_BY_UNSPECIFIED,
    MatchedBy.WORDS: pb.MATCHED_BY_WORDS,
    MatchedBy.PREFIX: pb.MATCHED_BY_PREFIX,
    MatchedBy.CORRECTION: pb.MATCHED_BY_CORRECTION,
    MatchedBy.ISBN: pb.MATCHED_BY_ISBN,
    MatchedBy.EXTERNAL_ID: pb.MATCHED_BY_EXTERNAL_ID,
}


def to_asked(request: pb.SearchMediaRequest) -> Asked:
    return Asked(
        query=request.query,
        filters=_to_filters(request),
        page_size=request.page_size,
        offset=request.offset,
        page_token=request.page_token,
    )


def _to_filters(request: pb.SearchMediaRequest) -> Filters:
    caller = current_caller() if request.in_library else caller_or_none()
    if len(request.tags) > MOST_TAGS:
        raise TooMany("tags", MOST_TAGS)
    tags = (" ".join(tag.lower().replace("\0", "").split()) for tag in request.tags)
    return Filters(
        media_types=to_media_types(request.media_types),
        year_from=request.year_from if request.HasField("year_from") else None,
        year_to=request.year_to if request.HasField("year_to") else None,
        creator=words(request.creator[:LONGEST_CREATOR]) or None,
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        in_library=request.in_library,
        user_id=caller.user_id if caller else None,
    )


def to_media_types(values: Iterable[media_pb2.MediaType.ValueType]) -> tuple[MediaType, ...]:
    return tuple(dict.fromkeys(map(to_media_type, values)))


def from_results(results: Results) -> pb.SearchMediaResponse:
    return pb.SearchMediaResponse(
        items=map(_from_hit, results.hits),
        total_count=results.total,
        total_is_estimate=results.is_estimate,
        type_counts=(
            pb.TypeCount(media_type=from_media_type(media_type), count=count)
            for media_type, count in results.counts.items()
        ),
        next_page_token=results.next_page_token,
        in_library_ids=(str(hit.id) for hit in results.hits if hit.in_library),
        availability=(from_summary(hit.availability) for hit in results.hits if hit.availability),
        matched_by=_MATCHED_BY[results.matched_by],
    )


def _from_hit(hit: Hit) -> media_pb2.MediaItem:
    return media_pb2.MediaItem(
        id=str(hit.id),
        media_type=from_media_type(hit.media_type),
        title=hit.title,
        subtitle=hit.subtitle,
        description=hit.description,
        release_date=hit.release_date.isoformat() if hit.release_date else None,
        cover_image_url=hit.cover_image_url,
        canonical_url=hit.canonical_url,
        metadata_json=hit.metadata_json,
        creators=hit.creators,
    )


def from_suggestion(suggestion: Suggestion) -> pb.Suggestion:
    return pb.Suggestion(
        media_item_id=str(suggestion.id),
        media_type=from_media_type(suggestion.media_type),
        title=suggestion.title,
        creators=suggestion.creators,
        year=suggestion.release_date.year if suggestion.release_date else None,
        cover_image_url=suggestion.cover_image_url,
    )
