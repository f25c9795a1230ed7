"""What sources outside answer to a search, and which of their hits are shown."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from grpc.aio import AioRpcError

from common.errors import Kind
from common.grpc_errors import from_rpc_error
from common.requests import onward
from gateway.clients import Clients
from gateway.schemas.media import TO_WIRE
from gateway.schemas.search import CONNECTORS, EARLIEST_YEAR, LATEST_YEAR, Hit, Question
from gateway.schemas.wire import moment, present
from tastebuds.catalog.v1 import media_service_pb2 as media_pb
from tastebuds.catalog.v1.media_pb2 import MediaItem
from tastebuds.ingest.v1 import preview_service_pb2 as pb

# Sources have 2.5 seconds each, at the same time, unless the operator allows them up to 10.
OUTSIDE_SECONDS = 15

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
class Outside:
    """The hits of all sources, in their order, but for those that are shown already."""

    question: Question
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
        item = hit.known if hit.HasField("known") else hit.preview.item
        if hit.same_as or not _is_wanted(item, self.question):
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


async def ask(question: Question, api: Clients) -> pb.SearchSourcesResponse:
    """Who asks the catalogue as well does not miss its answer because nobody asks outside."""
    try:
        return await api.previews.SearchSources(
            pb.SearchSourcesRequest(
                query=question.q,
                sources=question.connectors(),
                media_types=[TO_WIRE[kind] for kind in question.types],
                hits_per_source=question.external_per_source,
            ),
            **onward(OUTSIDE_SECONDS),
        )
    except AioRpcError as error:
        refusal = from_rpc_error(error)
        if refusal is None or refusal.kind is not Kind.UNAVAILABLE or not question.asks_inside:
            raise
        return _unasked(question, refusal.message)


def _unasked(question: Question, problem: str) -> pb.SearchSourcesResponse:
    return pb.SearchSourcesResponse(
        answers=[
            pb.SourceAnswer(source=source, status=pb.SOURCE_ANSWER_STATUS_FAILED, problem=problem)
            for source in question.connectors() or CONNECTORS
        ]
    )


def _is_wanted(item: MediaItem, question: Question) -> bool:
    """By what sources cannot be asked for."""
    first, last = question.year_from, question.year_to
    if first is not None or last is not None:
        year = int(item.release_date[:4] or -1)
        if not (first or EARLIEST_YEAR) <= year <= (LATEST_YEAR if last is None else last):
            return False
    return _words(question.creator) <= _words(" ".join(item.creators))


def _words(text: str) -> set[str]:
    """Without letter case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return set(re.findall(r"\w+", plain))


def _of_preview(preview: pb.Preview) -> Hit:
    preview.item.id = preview.id
    return Hit.of(
        preview.item,
        preview_id=preview.id,
        source_name=preview.source_name,
        source_id=preview.external_id,
        preview_expires_at=moment(preview.expires_at),
    )
