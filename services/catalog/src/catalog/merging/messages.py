"""Merges on the wire."""

from catalog.merging.merges import REVERSIBLE_FOR, Merge
from common.db import now
from common.timestamps import timestamp
from tastebuds.catalog.v1 import merge_service_pb2 as pb


def from_merge(merge: Merge) -> pb.Merge:
    until = merge.merged_at + REVERSIBLE_FOR if merge.is_reversible(now()) else None
    return pb.Merge(
        id=str(merge.id),
        survivor_id=str(merge.pair.survivor_id),
        absorbed_id=str(merge.pair.absorbed_id),
        survivor_title=merge.survivor_title,
        absorbed_title=merge.absorbed_title,
        reason=merge.cause.reason,
        merged_by=None if merge.cause.merged_by is None else str(merge.cause.merged_by),
        merged_at=timestamp(merge.merged_at),
        reversible_until=None if until is None else timestamp(until),
        undone_at=None if merge.undone_at is None else timestamp(merge.undone_at),
    )
