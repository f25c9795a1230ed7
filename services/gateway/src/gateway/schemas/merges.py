"""Entries of the catalogue that are, or seem to be, one work."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from gateway.schemas.fields import Schema, StrictSchema
from gateway.schemas.media import MediaBase
from gateway.schemas.wire import moment, present, present_moment
from tastebuds.catalog.v1 import merge_service_pb2 as pb


class Merge(Schema):
    id: str
    survivor_id: str
    absorbed_id: str
    """Goes on to mean the survivor."""
    survivor_title: Annotated[str, Field(examples=["Tidewatch"])]
    absorbed_title: Annotated[str, Field(examples=["Tidewatch (2019)"])]
    reason: Annotated[str, Field(examples=["same ISBN 9780000000002"])]
    merged_by: str | None
    """The administrator who did it; null when it was done by itself."""
    merged_at: datetime
    reversible_until: datetime | None
    undone_at: datetime | None

    @classmethod
    def of(cls, merge: pb.Merge) -> Self:
        return cls(
            id=merge.id,
            survivor_id=merge.survivor_id,
            absorbed_id=merge.absorbed_id,
            survivor_title=merge.survivor_title,
            absorbed_title=merge.absorbed_title,
            reason=merge.reason,
            merged_by=present(merge, "merged_by"),
            merged_at=moment(merge.merged_at),
            reversible_until=present_moment(merge, "reversible_until"),
            undone_at=present_moment(merge, "undone_at"),
        )


class NewMerge(StrictSchema):
    survivor_id: UUID
    absorbed_id: UUID


class Suspect(Schema):
    """Two works that look like one."""

    id: str
    one: MediaBase
    other: MediaBase
    reason: Annotated[str, Field(examples=["same title, year and creator"])]
    found_at: datetime

    @classmethod
    def of(cls, suspect: pb.Suspect) -> Self:
        return cls(
            id=suspect.id,
            one=MediaBase.of(suspect.one),
            other=MediaBase.of(suspect.other),
            reason=suspect.reason,
            found_at=moment(suspect.found_at),
        )
