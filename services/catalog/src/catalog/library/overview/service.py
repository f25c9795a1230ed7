"""Looking over a library."""

from uuid import UUID

from catalog.library.overview import repository
from catalog.library.overview.glance import Filter, Glance, Summary
from common import pages
from common.db import Reader
from common.pages import Mark

USUAL_ITEMS, MOST_ITEMS = 500, 1000


async def overview(
    session: Reader, *, user_id: UUID, wanted: Filter, after: Mark | None, page_size: int
) -> tuple[Summary, Glance]:
    """Two statements."""
    take = pages.page_size(page_size, usual=USUAL_ITEMS, largest=MOST_ITEMS)
    summary = await repository.summary(session, user_id)
    return summary, await repository.look(session, user_id, wanted, after, take)
