"""What search and type-ahead cost through the gateway, beside their bare statements and beside
ranking all that matches; and how well the labelled questions are answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import quote

import asyncpg
import httpx

from bench import data, database, labelled
from bench.labelled import Answer
from bench.load import Request, run
from bench.meter import Row
from bench.scenarios import CLIENTS, Scene
from bench.vocabulary import COMMON_WORD, USUAL_WORDS

RARE, HALF, USUAL, SUGGEST = (
    "search, rare word",
    "search, word in half of the works",
    "search, two usual words",
    "suggest",
)
KINDS = (RARE, HALF, USUAL, SUGGEST)
ALONE = ", one client"
BARE = "bare SQL: "
RANK_ALL = "bare SQL: rank all, word in half"
# As many titles are begun to be typed, each a letter further than the last: "t", "ti", "tid" …
TYPED_TITLES, TYPED_LETTERS = 200, 8
# Each is measured so often.
TIMES = 5
# As catalog.search.repository asks, the facets included.
FIND_SQL = """
select * from catalog.find_media('{word}', '{{{word}}}', '{word}', '{word}',
  null, null, null, null, null, null, 0, 21, true);
"""
SUGGEST_SQL = "select catalog.suggest_media('{{{word}}}', '{word}', null, 8);"
# What the earlier version did with every question.
RANK_ALL_SQL = """
select s.media_item_id, ts_rank_cd(s.document, wanted) as rank, count(*) over () as total
from catalog.item_search s, websearch_to_tsquery('catalog.words', '{word}') as wanted
where s.document @@ wanted order by rank desc, s.popularity desc limit 20;
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """Questions of one kind; `words` is given a running number."""

    name: str
    path: str
    words: Callable[[int], str]

    def request(self, number: int) -> Request:
        return Request(f"{self.path}?q={quote(self.words(number))}")


def askings(works: int) -> Sequence[Asking]:
    return (
        Asking(RARE, "/api/search", lambda number: rare_word(number, works)),
        Asking(HALF, "/api/search", lambda _: COMMON_WORD),
        Asking(USUAL, "/api/search", two_usual_words),
        Asking(SUGGEST, "/api/search/suggest", typed),
    )


def rare_word(number: int, works: int) -> str:
    return data.rare_word(number * data.RARE_EVERY % works)


def two_usual_words(number: int) -> str:
    one, other = divmod(number, len(USUAL_WORDS))
    return f"{USUAL_WORDS[one % len(USUAL_WORDS)]} {USUAL_WORDS[other]}"


def typed(number: int) -> str:
    title, letters = divmod(number, TYPED_LETTERS)
    return titles()[title % TYPED_TITLES][: letters + 1]


@cache
def titles() -> list[str]:
    return [draft.facts.title for draft in data.drafts(TYPED_TITLES)]


async def through_the_gateway(scene: Scene, works: int) -> list[Row]:
    """Each kind with one client and with many."""
    rows = []
    for asking in askings(works):
        for name, clients in ((asking.name + ALONE, 1), (asking.name, CLIENTS)):
            rows.append(await _measure(scene, asking, name, clients))
    return rows


async def _measure(scene: Scene, asking: Asking, name: str, clients: int) -> Row:
    """The quietest time: these budgets are absolute, and others on the machine only ever add."""
    warm_up = scene.seconds / 5
    await run(scene.stack.base_url, asking.request, clients=clients, seconds=warm_up)
    rows = [
        await scene.meter.measure(name, lambda: scene.load(asking.request, clients))
        for _ in range(TIMES)
    ]
    quietest = min(rows, key=lambda row: row.total_cpu_ms)
    return replace(quietest, failures=sum(row.failures for row in rows))


def bare(scene: Scene, works: int) -> list[Row]:
    """The same questions put to Postgres alone, by one client; and the earlier version's."""
    statements = (
        (BARE + RARE, FIND_SQL, rare_word(works // 2, works)),
        (BARE + HALF, FIND_SQL, COMMON_WORD),
        (BARE + SUGGEST, SUGGEST_SQL, "lif"),
        (RANK_ALL, RANK_ALL_SQL, COMMON_WORD),
    )
    return [
        database.pgbench(
            name,
            scene.stack.admin_database_url,
            " ".join(statement.format(word=word).split()) + "\n",
            clients=1,
            seconds=max(1, round(scene.seconds)),
        )
        for name, statement, word in statements
    ]


async def answers(scene: Scene) -> list[Answer]:
    """To the labelled questions, asked as everybody asks."""
    known = await _planted_ids(scene)
    async with httpx.AsyncClient(base_url=scene.stack.base_url, timeout=30) as client:

        async def ask(words: str) -> Sequence[str | None]:
            reply = await client.get("/api/search", params={"q": words})
            reply.raise_for_status()
            return [known.get(hit["id"]) for hit in reply.json()["results"]]

        return await labelled.answers(ask)


async def _planted_ids(scene: Scene) -> dict[str, str]:
    connection = await asyncpg.connect(scene.stack.admin_database_url)
    try:
        rows = await connection.fetch(
            "select media_item_id, external_id from catalog.media_sources where source_name = $1",
            labelled.SOURCE,
        )
    finally:
        await connection.close()
    return {str(row["media_item_id"]): row["external_id"] for row in rows}
