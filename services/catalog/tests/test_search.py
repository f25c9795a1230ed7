import grpc
import pytest

from catalog.media.indexing import title_key
from catalog.media.messages import to_draft
from catalog.media.service import upsert_many
from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1.media_pb2 import (
    MEDIA_TYPE_BOOK,
    MEDIA_TYPE_GAME,
    MEDIA_TYPE_MOVIE,
    MEDIA_TYPE_TV,
    Book,
    Game,
    Screen,
)
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

from . import works
from .works import DUNE, book, of, upsert


@pytest.fixture
def load(database):
    """`await load([item, …], popularity=[…])`: in one transaction."""

    async def store(items, popularity=None):
        drafts = [
            to_draft(
                upsert(
                    item, f"n{number}", popularity=popularity[number] if popularity else None
                ).draft
            )
            for number, item in enumerate(items)
        ]
        async with database.sessions.begin() as session:
            await upsert_many(session, drafts, refresh=True)

    return store


@pytest.fixture
def find(search):
    """The titles found, best first."""

    async def titles(query, *media_types, **page):
        request = SearchMediaRequest(query=query, media_types=media_types, **page)
        reply = await search.SearchMedia(request)
        titles.total = reply.total_count
        return [item.title for item in reply.items]

    return titles


async def test_a_hit_is_shown_without_its_extension_in_one_statement(load, search, statements):
    await load([DUNE])
    statements()
    reply = await search.SearchMedia(SearchMediaRequest(query="dune"))
    assert statements() == 1
    (item,) = reply.items
    assert reply.total_count == 1
    assert item.subtitle == DUNE.subtitle
    assert item.creators == ["Frank Herbert"]
    assert item.metadata_json == '{"pages": {"paper": 412}, "categories": ["Fiction"]}'
    assert item.WhichOneof("extension") is None


async def test_the_exact_title_comes_first_then_the_better_place(load, find):
    await load(
        [
            book("Stories", description="A whale, a whale, and a whale once more"),
            book("Letters", book=Book(authors=["Jonah Whale"])),
            book("Notes", subtitle="Of a whale"),
            book("Whale watching for whale lovers"),
            book("Whale"),
        ],
        popularity=[1e6, 1e5, 1e4, 1e3, 0],
    )
    assert await find("WHALE!") == [
        "Whale",
        "Whale watching for whale lovers",
        "Notes",
        "Letters",
        "Stories",
    ]


async def test_equals_go_by_popularity(load, find):
    await load([book("Moon b"), book("Moon a"), book("Moon c")], popularity=[5, 9000, 50])
    assert await find("moon") == ["Moon a", "Moon c", "Moon b"]


@pytest.mark.parametrize(
    "query", ["pokemon", "Pokémon", "POKÉMON", "poke\u0301mon", "pokemons", "pokémon snap"]
)
async def test_accents_and_endings_do_not_matter(load, find, query):
    await load([of(works.OUTER_WILDS, title="Pokémon Snap"), of(DUNE)])
    assert await find(query) == ["Pokémon Snap"]


@pytest.mark.parametrize(
    "query",
    [
        "dune",
        "desert worms",
        "book one",
        "herbert",
        "chilton",
        "9780441013593",
        "0441013597",
        '"young duke"',
        "dune or nothing",
        "dune -matrix",
        'dune "desert planet" -arrakis',
    ],
)
async def test_a_work_is_found_by_all_that_is_said_of_it(load, find, query):
    await load([DUNE, works.MATRIX])
    assert await find(query) == ["Dune"]
    assert find.total == 1


@pytest.mark.parametrize("query", ['"duke young"', "dune -worms", "-dune", "dune matrix", "tatse"])
async def test_what_does_not_fit_is_not_found(load, find, query):
    await load([DUNE, works.MATRIX])
    assert await find(query) == []
    assert find.total == 0


async def test_every_kind_is_found_by_its_people(load, find):
    await load([works.MATRIX, works.OUTER_WILDS, works.GYMNOPEDIE])
    assert await find("wachowski") == ["The Matrix"]
    assert await find("joel silver") == ["The Matrix"]
    assert await find("mobius") == await find("annapurna adventure") == ["Outer Wilds"]
    assert await find("satie piano gymnopedie") == ["Gymnopédie No. 1"]


async def test_only_the_kinds_asked_for(load, find):
    await load(
        [
            book("Solaris"),
            of(works.MATRIX, title="Solaris"),
            of(works.MATRIX, title="Solaris again", media_type=MEDIA_TYPE_TV),
            of(works.OUTER_WILDS, title="Solaris played"),
        ]
    )
    assert len(await find("solaris")) == 4
    assert await find("solaris", MEDIA_TYPE_GAME) == ["Solaris played"]
    assert await find("solaris", MEDIA_TYPE_TV, MEDIA_TYPE_BOOK) == ["Solaris", "Solaris again"]
    assert find.total == 2
    assert await find("solaris", MEDIA_TYPE_MOVIE, MEDIA_TYPE_MOVIE) == ["Solaris"]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await find("solaris", 99)
    assert from_rpc_error(refused.value).reason == "INVALID_MEDIA"


async def test_pages_meet_and_the_total_stays_true(load, find):
    await load(
        [
            *(book(f"River {n}") for n in range(300)),
            *(book(f"Valley {n}", description="by the river") for n in range(300)),
            *(book("River") for _ in range(3)),
        ],
        popularity=[n % 40 for n in range(603)],
    )
    seen = []
    for offset in range(0, 610, 47):
        seen += await find("river", page_size=47, offset=offset)
        assert find.total == 603
    assert len(seen) == 603
    assert seen[:3] == ["River"] * 3
    assert len(set(seen)) == 601
    assert all(title.startswith("River") for title in seen[:303])
    for offset in (603, 5000, 2**31 - 1):
        assert await find("river", offset=offset) == []
        assert find.total == 603
    assert len(await find("river")) == 20


async def test_words_that_say_nothing_find_titles(load, find):
    await load([book("The Who"), book("It"), book("Who is it for"), book("The The"), DUNE])
    assert await find("of the and", offset=10) == []
    assert find.total == 0
    assert (await find("it"))[0] == "It"
    assert find.total == 2
    assert (await find("the the"))[0] == "The The"
    assert set(await find("the")) == {"The The", "The Who"}
    assert (await find("the who"))[0] == "The Who"


@pytest.mark.parametrize(
    "query",
    [
        "a\x00b", "x" * 10_000, "wörter " * 2000, "???", "!", '"', '"unbalanced', "a & | ! ( ) <->",
        "-", "--", "or", "or or", "- -", ":*", "x:*", "\\", "'", "''", "$1", "%", "😀", "\u202e",
        "e\u0301", "-a -b", "1e999", "a:b:c", "<script>", "\ufffe", "don't",
    ],
)  # fmt: skip
async def test_no_query_is_an_error(load, find, query):
    await load([DUNE])
    assert await find(query) == []
    assert await find(query, MEDIA_TYPE_BOOK, offset=50) == []


@pytest.mark.parametrize("query", ["", " ", "\x00", "\n\t"])
async def test_an_empty_query_is_refused(find, query):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await find(query)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert from_rpc_error(refused.value).reason == "EMPTY_QUERY"


@pytest.mark.parametrize("page", [{"page_size": 51}, {"page_size": -1}, {"offset": -1}])
async def test_an_impossible_page_is_refused(find, page):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await find("dune", **page)
    assert from_rpc_error(refused.value).reason == "INVALID_PAGE"


async def test_a_refreshed_work_is_found_by_its_new_words(load, find):
    await load([DUNE])
    await load([of(DUNE, title="Arrakis")])
    assert await find("dune") == []
    assert await find("arrakis") == ["Arrakis"]


async def test_the_kind_in_the_index_follows(load, find):
    await load([DUNE])
    await load([of(DUNE, media_type=MEDIA_TYPE_GAME, game=Game(developers=["Cryo"]))])
    assert await find("dune", MEDIA_TYPE_BOOK) == []
    assert await find("cryo", MEDIA_TYPE_GAME) == ["Dune"]


async def test_long_words_and_texts_are_stored(load, find):
    await load(
        [
            book("Endless", description="x" * 20_000),
            book("Wide", description=" ".join(f"word{n}" for n in range(3000))),
            of(works.MATRIX, title="Many", screen=Screen(producers=["p" * 200] * 50)),
        ]
    )
    assert await find("word2000") == ["Wide"]
    assert await find("endless") == ["Endless"]


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The Lord of the Rings: Part 1", "the lord of the rings part 1"),
        ("Pokémon: Let's Go!", "pokemon lets go"),
        ("Don\u2019t", "dont"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("!!!", "!!!"),
        ("東京物語", "東京物語"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_title_is_compared_as_people_type_it(title, key):
    assert title_key(title) == key
