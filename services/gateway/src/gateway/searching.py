"""One answer to a search out of what the catalogue and the sources outside answered."""

from collections.abc import Iterable, Sequence

from gateway.outside import STATUSES, Outside
from gateway.schemas.availability import AvailabilitySummary
from gateway.schemas.media import FROM_WIRE
from gateway.schemas.search import (
    MATCHED_BY,
    Hit,
    Paging,
    Question,
    SearchMetadata,
    SearchResult,
)
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaResponse
from tastebuds.ingest.v1 import preview_service_pb2 as pb


def result(
    question: Question, inside: SearchMediaResponse | None, answers: Sequence[pb.SourceAnswer]
) -> SearchResult:
    """The catalogue's hits unless it was not asked, then those of the sources."""
    own = inside or SearchMediaResponse()
    hits = _own_hits(own)
    found = Outside(question, {hit.id for hit in hits})
    for answer in answers:
        found.add(answer)
    asked = {"internal": inside is not None, "external": bool(answers)}
    return SearchResult(
        results=hits + found.hits,
        source="+".join(name for name, was_asked in asked.items() if was_asked),
        metadata=_metadata(question, own, answers, found),
    )


def _metadata(
    question: Question,
    own: SearchMediaResponse,
    answers: Iterable[pb.SourceAnswer],
    found: Outside,
) -> SearchMetadata:
    returned = len(own.items)
    counts = source_counts = {"internal": returned}
    if found.metrics:
        counts = counts | {
            "external_ingested": found.previews,
            "external_returned": len(found.hits),
            "external_deduped": found.reasons.total(),
        }
        per_source = {name: metrics["returned"] for name, metrics in found.metrics.items()}
        source_counts = source_counts | {"external": len(found.hits)} | per_source
    return SearchMetadata(
        paging=Paging(
            page=question.page,
            per_page=question.per_page,
            offset=question.offset,
            total_internal=own.total_count,
            total_is_estimate=own.total_is_estimate,
            next_cursor=own.next_page_token or None,
        ),
        counts=counts,
        source_counts=source_counts,
        source_metrics={"internal": {"returned": returned}, **found.metrics},
        source_status={answer.source: STATUSES[answer.status] for answer in answers},
        source_problems={answer.source: answer.problem for answer in answers if answer.problem},
        type_counts={FROM_WIRE[one.media_type]: one.count for one in own.type_counts},
        matched_by=MATCHED_BY.get(own.matched_by),
        dedupe_reasons=dict(found.reasons) or None,
    )


def _own_hits(reply: SearchMediaResponse) -> list[Hit]:
    collected = set(reply.in_library_ids)
    available = {one.media_item_id: AvailabilitySummary.of(one) for one in reply.availability}
    return [
        Hit.of(
            item,
            in_collection=item.id in collected,
            availability_summary=available.get(item.id),
        )
        for item in reply.items
    ]
