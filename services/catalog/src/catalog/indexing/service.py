"""Index works anew; see common.sweeps.Batch."""

from dataclasses import replace

from catalog.indexing import repository
from catalog.media import repository as media
from catalog.media.popularity import scaled
from common.db import Session


async def index_stale(session: Session, limit: int) -> int:
    """How many there were. Popularities are put on the scale of today."""
    ids = await repository.hold_stale(session, limit)
    if not ids:
        return 0
    items = await media.get_many(session, ids)
    known = await repository.popularities(session, ids)
    scales = {
        media_item_id: max(scaled(one.source_name, one.popularity) for one in of_sources)
        for media_item_id, of_sources in known.items()
    }
    await repository.write(
        session,
        [replace(item, popularity=scales.get(item.id, item.popularity)) for item in items.values()],
    )
    return len(ids)
