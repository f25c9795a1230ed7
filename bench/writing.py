"""What the indexes of search cost a single write: its speed with them, and without."""

import asyncio
import time
from collections.abc import Iterator

from bench import data
from bench.load import Outcome
from bench.meter import Row, row
from bench.scenarios import Scene
from catalog.loading import repository
from catalog.loading.service import build_indexes
from catalog.media import service
from catalog.media.items import Draft
from common import db
from common.db import Database

WITH, WITHOUT = "single write", "single write, no index of search"
WRITERS = 8
# Their numbers are beyond those of every load.
FIRST = 90_000_000
MOST = 1_000_000


async def compare(scene: Scene) -> list[Row]:
    """Works that are new, one to a transaction, by catalogue's own use case and nothing around it.

    The indexes are as large as the catalogue then; they are there again afterwards.
    """
    url = scene.stack.env("catalog")["CATALOG_DATABASE_URL"]
    drafts = data.drafts(MOST, start=FIRST)
    async with db.connect(url) as database:
        rows = [await _write(database, drafts, WITH, scene.seconds)]
        await repository.drop_indexes(database)
        rows.append(await _write(database, drafts, WITHOUT, scene.seconds))
        await build_indexes(database)
    return rows


async def _write(database: Database, drafts: Iterator[Draft], name: str, seconds: float) -> Row:
    latencies: list[float] = []
    began = time.perf_counter()

    async def writer() -> None:
        while (start := time.perf_counter()) < began + seconds:
            async with database.sessions.begin() as session:
                await service.upsert_many(session, [next(drafts)], refresh=False)
            latencies.append(time.perf_counter() - start)

    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    spent = time.perf_counter() - began
    return row(name, Outcome(spent, sorted(latencies), {200: len(latencies)}))
