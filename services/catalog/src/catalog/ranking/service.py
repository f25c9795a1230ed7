"""What keeps the order of works true while people come and go; see common.sweeps.Batch."""

from catalog.ranking import repository
from catalog.retention.repository import hold_mark, move_mark
from common.db import Session
from common.sweeps import Portion

TIERS = "popularity_tiers"
# Where the tiers end. A search goes through them one after the other until it has found enough:
# that each is a few times as large as the one before keeps it from finding far too much.
SIZES = tuple(500 * 4**tier for tier in range(7))  # as catalog.search_candidates knows


async def rank_next(session: Session, limit: int) -> Portion:
    """Goes through all works; most are where they belong."""
    after = await hold_mark(session, TIERS)
    if after is None:
        await repository.draw_boundaries(session, SIZES)
    looked = await repository.retag_next(session, after or repository.FIRST, limit)
    has_more = looked.looked_at == limit
    await move_mark(session, TIERS, looked.last if has_more else None)
    return Portion(looked.moved, has_more)


async def count_holders(session: Session, limit: int) -> int:
    return await repository.count_holders(session, limit)
