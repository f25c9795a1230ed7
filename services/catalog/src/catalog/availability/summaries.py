"""Summaries as they are stored."""

from datetime import datetime
from uuid import UUID

import orjson

from catalog.availability.offers import Status, Summary


def to_summary(media_item_id: UUID, stored: str, stale_before: datetime) -> Summary:
    """`stored` is the text of availability_summaries.summary."""
    fields = orjson.loads(stored)
    checked = [(datetime.fromisoformat(at), count) for at, count in fields["checked"]]
    return Summary(
        media_item_id=media_item_id,
        providers=tuple(fields.get("providers", ())),
        regions=tuple(fields.get("regions", ())),
        formats=tuple(fields.get("formats", ())),
        counts={Status(status): count for status, count in fields["statuses"].items()},
        last_checked_at=max(at for at, _ in checked),
        stale_count=sum(count for at, count in checked if at < stale_before),
    )
