"""What the catalogue does not keep for ever; see common.sweeps.Batch for how it is swept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from catalog.retention import repository
from common.db import Session, now
from common.sweeps import Portion

UNUSED_WORKS = "unused_works"
_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long things are kept; None is for ever."""

    raw_payloads: timedelta | None
    unused_works: timedelta | None

    async def sweep_raw_payloads(self, session: Session, limit: int) -> int:
        """What sources answered, but for a marker."""
        if self.raw_payloads is None:
            return 0
        at = now()
        return await repository.strip_payloads(
            session,
            before=at - self.raw_payloads,
            marker=_marker(at, self.raw_payloads),
            at=at,
            limit=limit,
        )

    async def sweep_unused_works(self, session: Session, limit: int) -> Portion:
        """Goes on after the last work looked at, as most works are used or young."""
        if self.unused_works is None:
            return Portion(0, has_more=False)
        before = now() - self.unused_works
        after = await repository.hold_mark(session, UNUSED_WORKS)
        works = await repository.look_at_works(
            session, after=after or _FIRST, end=_first_id(before), before=before, limit=limit
        )
        unused = [work.media_item_id for work in works if work.is_unused]
        deleted = await repository.delete_unused(session, unused) if unused else 0
        has_more = len(works) == limit
        last = works[-1].media_item_id if has_more else None
        await repository.move_mark(session, UNUSED_WORKS, last)
        return Portion(deleted, has_more)


def _marker(at: datetime, kept: timedelta) -> bytes:
    return orjson.dumps(
        {
            "redacted": True,
            "reason": "retention_expired",
            "stripped_at": at.isoformat(),
            "retention_days": kept.days,
        }
    )


def _first_id(at: datetime) -> UUID:
    """Of all UUIDv7 made at that time or later (RFC 9562, 5.7)."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
