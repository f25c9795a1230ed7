"""Messages that could not be done, and what administrators do about them."""

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Query
from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gateway.schemas.fields import Clean, Limit, Schema, StrictSchema, words
from gateway.schemas.ops import ServiceName, Warnings, Word
from gateway.schemas.wire import moment, readable
from tastebuds.ops.v1 import ops_service_pb2 as wire

MOST_IDS = 500
LARGEST_ID = 2**63 - 1

LetterId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
LetterIds = Annotated[list[LetterId], Field(min_length=1, max_length=MOST_IDS)]
Reason = Annotated[
    str,
    words(500),
    Clean,
    Field(examples=["the work was deleted at the source"]),
]


class Filter(Schema):
    service: ServiceName | None = None
    """Left out: all."""
    consumer: Word = ""
    """Left out: all."""
    text: Word = ""
    """Part of the subject or of the error."""


class WantedLetters(Filter):
    discarded: bool = False
    """Those that were discarded instead."""
    limit: Limit = 50
    cursor: Annotated[
        int,
        Query(
            ge=0,
            le=LARGEST_ID,
            description="Where to go on, as the `Link` header of the answer before says.",
        ),
    ] = 0


class DeadLetter(Schema):
    id: int
    """Grows; one sequence for all services."""
    service: Annotated[str, Field(examples=["ingest"])]
    consumer: Annotated[str, Field(examples=["ingest-tmdb"])]
    stream: Annotated[str, Field(examples=["JOBS"])]
    subject: Annotated[str, Field(examples=["job.ingest.tmdb.IngestItemDue"])]
    headers: Annotated[dict[str, str], Field(examples=[{"Dlq-Attempts": "8"}])]
    body: Any
    """As JSON when its type is known and it is not too long, else null."""
    body_base64: Annotated[str, Field(examples=["CgE3"])]
    """At most the first 16 KiB."""
    body_size: int
    """Bytes of the whole body."""
    attempts: int
    error: Annotated[str, Field(examples=["TimeoutError: tmdb did not answer"])]
    trace_id: str | None
    buried_at: datetime
    discarded_by: str | None
    discard_reason: str | None

    @classmethod
    def of(cls, letter: wire.DeadLetter) -> Self:
        return cls(
            id=letter.id,
            service=letter.service,
            consumer=letter.consumer,
            stream=letter.stream,
            subject=letter.subject,
            headers=dict(letter.headers),
            body=readable(letter.body_json.encode()),
            body_base64=b64encode(letter.body).decode(),
            body_size=letter.body_size,
            attempts=letter.attempts,
            error=letter.error,
            trace_id=letter.trace_id or None,
            buried_at=moment(letter.buried_at),
            discarded_by=letter.discarded_by or None,
            discard_reason=letter.discard_reason or None,
        )


class Matching(Filter, StrictSchema):
    """All that is said must fit; something must be said."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.service or self.consumer.strip() or self.text.strip()):
            raise PydanticCustomError(
                "no_criterion", "At least one of service, consumer and text should be given"
            )
        return self


class Replay(StrictSchema):
    """Either ids, or all that match."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"matching": {"consumer": "ingest-tmdb", "text": "Timeout"}}]
        }
    )

    ids: LetterIds | None = None
    matching: Matching | None = None

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if (self.ids is None) is (self.matching is None):
            raise PydanticCustomError("ids_or_matching", "Either ids or matching should be given")
        return self


class Replayed(Schema):
    replayed_ids: list[int]
    has_more: bool
    """Whether more match than are replayed at once."""
    warnings: Warnings
    """Services that did not answer."""


class Discard(StrictSchema):
    ids: LetterIds
    reason: Reason


class Discarded(Schema):
    discarded_ids: list[int]
    new_ids: Annotated[dict[int, int], Field(examples=[{"1": 7}])]
    """Under which they are listed from now on, by those."""
    warnings: Warnings
    """Services that did not answer."""
