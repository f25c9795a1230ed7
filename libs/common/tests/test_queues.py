"""The operator sees what can be seen, above all when something is away."""

from common import db
from common.queues import Queues


async def test_a_report_says_what_waits(database, tables, jetstream):
    report = await Queues("menus", database, tables.Outbox, jetstream, []).report()
    assert report.outbox is not None
    assert report.outbox.waiting == 0
    assert not report.warnings


async def test_while_the_database_is_away_the_rest_is_told(tables, jetstream):
    async with db.connect("postgresql+asyncpg://menus@127.0.0.1:9/menus") as nobody:
        report = await Queues("menus", nobody, tables.Outbox, jetstream, []).report()
    assert report.dead_letters == 0
    assert report.outbox is None
    [warning] = report.warnings
    assert warning.startswith("Postgres: ")
