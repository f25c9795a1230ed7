"""Works by the hundred thousand: put together inside Postgres, several times as fast as data.drafts
brings them there, out of the same words. The same on every machine, whatever their number.

The rows are those that the catalogue itself would write (held to that in
tests/test_bench_inventing.py). As a superuser's they need no check of what they refer to.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import asyncpg

from bench import data
from bench.vocabulary import ACCENTED, COMMON_WORD, SCRIPTS, SEED, Vocabulary, vocabulary
from catalog.media import indexing
from catalog.ranking.service import SIZES

NAMES, PASSAGE_WORDS = 40_000, 25
AT_ONCE, WRITERS = 10_000, 2
_STATEMENTS = (Path(__file__).parent / "inventing.sql").read_text()
_CLEAR = "drop schema if exists bench cascade"
_TERMS = """
    insert into catalog.search_terms (term, deletions, popularity)
    select term, catalog.deletions(term), max(popularity) from bench.spoken group by term
    order by term
    on conflict (term) do update set
      popularity = greatest(search_terms.popularity, excluded.popularity)
"""
_INVENT = "select bench.invent($1, $2, $3, $4, $5, $6, $7)"

Tell = Callable[[int, int], None]


async def invent(url: str, count: int, tell: Tell) -> int:
    """So many works, as far as they are not there yet: how many that were. `url` is a superuser's.
    `tell` hears how many were looked at, and how many of these were new."""
    pool = await asyncpg.create_pool(
        url, min_size=WRITERS, max_size=WRITERS, command_timeout=600, init=_as_a_loader
    )
    async with pool:
        try:
            await _set_up(pool, count)
            added = await _in_portions(pool, count, tell)
            await pool.execute(_TERMS)
        finally:
            await pool.execute(_CLEAR)
    return added


async def _as_a_loader(connection: asyncpg.Connection) -> None:
    await connection.execute("set session_replication_role = replica")
    await connection.execute("set synchronous_commit = off")
    await connection.execute("set client_min_messages = warning")
    await connection.execute("set work_mem = '64MB'")


async def _set_up(pool: asyncpg.Pool, count: int) -> None:
    await pool.execute(f"{_CLEAR}; create schema bench")
    await pool.execute(_STATEMENTS)
    await pool.execute("select bench.expect($1, $2)", count, SIZES)
    words = vocabulary()
    await asyncio.gather(
        _prepare(pool, "passages", _passages(words)),
        _prepare(pool, "people", words.people),
        _prepare(pool, "names", _names(words)),
    )


async def _prepare(pool: asyncpg.Pool, table: str, parts: Iterable[str]) -> None:
    records = (
        (number, said, indexing.title_key(said), indexing.words(said))
        for number, said in enumerate(parts)
    )
    await pool.copy_records_to_table(
        table, schema_name="bench", columns=("n", "said", "key", "plain"), records=records
    )
    await pool.execute(f"analyze bench.{table}")


def _passages(words: Vocabulary) -> Iterator[str]:
    for start in range(0, len(words.text) - PASSAGE_WORDS, PASSAGE_WORDS):
        yield " ".join(words.text[start : start + PASSAGE_WORDS])


def _names(words: Vocabulary) -> Iterator[str]:
    chance = random.Random(SEED)
    for _ in range(NAMES):
        yield _name(words, chance)


def _name(words: Vocabulary, chance: random.Random) -> str:
    fate = chance.random()
    if fate < 0.02:
        return " ".join(chance.choices(chance.choice(SCRIPTS), k=2))
    name = " ".join(chance.choices(words.titles, k=chance.choice((1, 2, 2, 2)))).title()
    if fate < 0.06:
        return name.translate(ACCENTED)
    return f"The {name}" if fate < 0.2 else name


async def _in_portions(pool: asyncpg.Pool, count: int, tell: Tell) -> int:
    portions, looked_at, added = iter(range(0, count, AT_ONCE)), 0, 0
    rules = (data.SOURCE, data.RARE_EVERY, COMMON_WORD, data.NEWEST, indexing.CHANCE)

    async def work() -> None:
        nonlocal looked_at, added
        for first in portions:
            last = min(first + AT_ONCE, count) - 1
            new = await pool.fetchval(_INVENT, first, last, *rules)
            added += new
            looked_at += last - first + 1
            tell(looked_at, added)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(WRITERS):
            tasks.create_task(work())
    return added
