"""Invented works in bulk: into the stack of a measurement, or by `make bench-data N=200000` into
the one that runs (that of TASTEBUDS_HOME), to try how it is with so many."""

import argparse
import os
import sys
import time

import asyncpg
import uvloop

from bench import data, labelled
from bench.inventing import invent
from bench.meter import Row
from bench.searching import TYPED_TITLES
from bench.vocabulary import vocabulary
from catalog.duplicates import service as duplicates
from catalog.loading.service import bulk_writing
from catalog.media.service import upsert_many
from common import db
from common.db import Database
from common.errors import DomainError
from common.sweeps import Portion
from stack.errors import StackError
from stack.services import SERVICES
from stack.settings import load, repository
from stack.stack import Stack

NAME = "bulk load"
TOLD_EVERY_SECONDS = 5
COMPARED_AT_ONCE = 500


class Teller:
    """Prints how far a load is, now and then."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    def hear(self, looked_at: int, added: int) -> None:
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY_SECONDS:
            self._told = now
            self.tell(looked_at, added)

    def tell(self, looked_at: int, added: int) -> None:
        seconds = time.monotonic() - self._began
        print(
            f"  {looked_at:>10,} works, {looked_at - added:,} of them known: {seconds:.0f} s, "
            f"{looked_at / seconds:.0f} works/s",
            flush=True,
        )


async def fill(stack: Stack, count: int) -> Row:
    """What the labelled questions ask for, and so many works that are in the way. The time is all
    that it takes until they can be searched, indexes included."""
    vocabulary()
    teller, began = Teller(), time.perf_counter()
    async with db.connect(stack.env("catalog")["CATALOG_DATABASE_URL"]) as database:
        await _plant(database)
        async with bulk_writing(database, count):
            added = await invent(stack.admin_database_url, count, teller.hear)
        seconds = time.perf_counter() - began
        teller.tell(count, added)
        await _compare(database)
    await _vacuum(stack)
    return Row(NAME, max(1, added) / seconds, float("nan"), float("nan"))


async def _plant(database: Database) -> None:
    """What is asked for, the catalogue's own way."""
    drafts = [*labelled.planted(), *data.drafts(TYPED_TITLES)]
    async with database.sessions.begin() as session:
        await upsert_many(session, drafts, refresh=False)


async def _compare(database: Database) -> None:
    """At once what the sweep of duplicates would do bit by bit while something else is measured."""
    has_more = True
    while has_more:
        async with database.sessions.begin() as session:
            compared = await duplicates.compare(session, COMPARED_AT_ONCE)
        has_more = Portion.of(compared, COMPARED_AT_ONCE).has_more


async def _vacuum(stack: Stack) -> None:
    """The same, of Postgres."""
    connection = await asyncpg.connect(stack.admin_database_url)
    try:
        await connection.execute("vacuum")
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-data", description=__doc__)
    parser.add_argument("count", type=int, metavar="N", help="how many works")
    chosen = parser.parse_args()
    try:
        stack = Stack(load(repository(), os.environ, SERVICES))
        stack.use_remembered()
        if not stack.runner.is_alive():
            sys.exit("The stack does not run: `make start` first.")
        print(f"Loading {chosen.count:,} invented works into {stack.home.root}; Ctrl-C ends it.")
        uvloop.run(fill(stack, chosen.count))
    except (StackError, DomainError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Ended; what was loaded stays, and the same command goes on from there.")


if __name__ == "__main__":
    main()
