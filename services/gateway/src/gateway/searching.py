"""One answer to a search out of what the catalogue and the sources outside answered."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

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
from gateway.schemas.wire import moment, present
from tastebuds.catalog.v1 import media_service_pb2 as media_pb
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaResponse
from tastebuds.ingest.v1 import preview_service_pb2 as pb

STATUSES = {
    pb.SOURCE_ANSWER_STATUS_OK: "ok",
    pb.SOURCE_ANSWER_STATUS_TIMED_OUT: "timed_out",
    pb.SOURCE_ANSWER_STATUS_CIRCUIT_OPEN: "circuit_open",
    pb.SOURCE_ANSWER_STATUS_THROTTLED: "throttled",
    pb.SOURCE_ANSWER_STATUS_OFF: "off",
    pb.SOURCE_ANSWER_STATUS_FAILED: "failed",
}
REASONS = {
    media_pb.MATCH_REASON_SOURCE_ID: "source_id",
    media_pb.MATCH_REASON_CANONICAL_URL: "canonical_url",
    media_pb.MATCH_REASON_ISBN: "isbn",
    media_pb.MATCH_REASON_IMDB_ID: "imdb_id",
    media_pb.MATCH_REASON_MBID: "mbid",
    media_pb.MATCH_REASON_TITLE_YEAR_CREATOR: "title_year_creator",
}


@dataclass(slots=True)
class _Outside:
    """The hits of all sources, in their order, but for those that are shown already."""

    shown: set[str]
    hits: list[Hit] = field(default_factory=list)
    previews: int = 0
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, answer: pb.SourceAnswer) -> None:
        reasons = Counter(REASONS[hit.reason] for hit in answer.hits if hit.reason)
        hits = [shown for hit in answer.hits if (shown := self._shown(hit)) is not None]
        metrics: dict[str, Any] = {
            "returned": len(hits),
            "ingested": len(answer.hits),
            "deduped": reasons.total(),
            "search_ms": present(answer, "search_ms"),
            "fetch_ms": 0,
            "from_previews": answer.from_previews,
        }
        if reasons:
            metrics["dedupe_reasons"] = dict(reasons)
        self.metrics[answer.source] = metrics
        self.hits += hits
        self.previews += len(answer.hits)
        self.reasons += reasons

    def _shown(self, hit: pb.PreviewHit) -> Hit | None:
        """A work of the catalogue that another page has is shown as that, so it is not lost."""
        if hit.same_as:
            return None
        if not hit.HasField("known"):
            return _of_preview(hit.preview)
        if hit.known.id in self.shown:
            return None
        self.shown.add(hit.known.id)
        return Hit.of(
            hit.known,
            source_name=hit.preview.source_name,
            source_id=hit.preview.external_id,
            in_collection=hit.known_in_library,
        )


def result(
    question: Question, inside: SearchMediaResponse | None, outside: pb.SearchSourcesResponse | None
) -> SearchResult:
    """The catalogue's hits, then those of the sources; None stands for what was not asked."""
    own = inside or SearchMediaResponse()
    hits = _own_hits(own)
    answers = outside.answers if outside else ()
    found = _Outside({hit.id for hit in hits})
    for answer in answers:
        found.add(answer)
    asked = {"internal": inside is not None, "external": outside is not None}
    return SearchResult(
        results=hits + found.hits,
        source="+".join(name for name, was_asked in asked.items() if was_asked),
        metadata=_metadata(question, own, answers, found),
    )


def _metadata(
    question: Question,
    own: SearchMediaResponse,
    answers: Iterable[pb.SourceAnswer],
    found: _Outside,
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


def _of_preview(preview: pb.Preview) -> Hit:
    preview.item.id = preview.id
    return Hit.of(
        preview.item,
        preview_id=preview.id,
        source_name=preview.source_name,
        source_id=preview.external_id,
        preview_expires_at=moment(preview.expires_at),
    )
