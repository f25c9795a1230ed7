import asyncio
import random
from functools import partial

import grpc
import pytest

from catalog.media.items import SourceKey
from catalog.media.messages import to_draft
from catalog.media.popularity import popularity_of
from catalog.media.service import upsert_many
from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1.media_pb2 import MEDIA_TYPE_GAME, MEDIA_TYPE_TV, Game
from tastebuds.catalog.v1.media_service_pb2 import (
    FindMediaBySourceRequest,
    GetMediaRequest,
    UpsertMediaRequest,
)

from . import works
from .works import DUNE, of, upsert


async def test_a_new_work_is_stored_whole_and_told_of_once(ingest, gateway, events, statements):
    statements()
    reply = await ingest.UpsertMedia(upsert(DUNE))
    assert statements() <= 5
    assert reply.created
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))
    assert statements() == 2  # the work, the menus it is in
    item = stored.item
    for name in ("title", "subtitle", "description", "release_date", "cover_image_url"):
        assert getattr(item, name) == getattr(DUNE, name)
    assert item.book == DUNE.book
    assert item.creators == ["Frank Herbert"]
    assert item.metadata_json == '{"pages": {"paper": 412}, "categories": ["Fiction"]}'
    assert stored.sources == reply.sources
    assert [(s.source_name, s.external_id, s.canonical_url) for s in stored.sources] == [
        ("google_books", "x1", "https://api.example.org/x1")
    ]
    (event,) = await events()
    assert event.version == 1
    assert event.item == reply.item
    item.metadata_json = reply.item.metadata_json  # Postgres spaces JSON its own way
    assert item == reply.item


@pytest.mark.parametrize(
    ("item", "kind", "creators"),
    [
        (works.MATRIX, "screen", ["Lana Wachowski", "Lilly Wachowski"]),
        (of(works.MATRIX, media_type=MEDIA_TYPE_TV), "screen", works.MATRIX.screen.directors),
        (works.OUTER_WILDS, "game", ["Mobius"]),
        (works.GYMNOPEDIE, "music", ["Erik Satie"]),
        (works.book("Beowulf"), "book", []),
    ],
)
async def test_every_kind_keeps_what_only_it_has(ingest, gateway, item, kind, creators):
    reply = await ingest.UpsertMedia(upsert(item))
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))
    assert stored.item.media_type == item.media_type
    assert stored.item.WhichOneof("extension") == kind
    assert getattr(stored.item, kind) == getattr(item, kind)
    assert stored.item.creators == creators
    assert stored.item == reply.item


async def test_a_known_work_is_untouched(ingest, events, statements):
    first = await ingest.UpsertMedia(upsert(DUNE))
    statements()
    again = await ingest.UpsertMedia(upsert(of(DUNE, title="Other"), raw_payload=b"{}"))
    assert statements() == 1
    assert not again.created
    assert again.item.title == "Dune"
    assert again.item.updated_at == first.item.updated_at
    assert again.sources == first.sources
    assert len(await events()) == 1


async def test_refresh_overwrites_everything(ingest, gateway, events, sql, statements):
    first = await ingest.UpsertMedia(upsert(DUNE))
    statements()
    changed = of(DUNE, title="Dune Messiah", metadata_json='{"new": true}')
    changed.ClearField("subtitle")
    changed.book.ClearField("publisher")
    changed.book.authors[:] = ["F. Herbert"]
    reply = await ingest.UpsertMedia(
        upsert(changed, refresh=True, raw_payload=b"later", source_url="https://example.org/2")
    )
    assert statements() <= 5
    assert not reply.created
    assert reply.item.id == first.item.id
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=first.item.id))
    assert stored.item.title == "Dune Messiah"
    assert not stored.item.HasField("subtitle")
    assert stored.item.book == changed.book
    assert stored.item.creators == ["F. Herbert"]
    assert stored.item.metadata_json == '{"new": true}'
    assert stored.item.created_at == first.item.created_at
    assert stored.item.updated_at.ToNanoseconds() > first.item.updated_at.ToNanoseconds()
    (source,) = stored.sources
    assert source.id == first.sources[0].id
    assert source.canonical_url == "https://example.org/2"
    assert source.fetched_at.ToNanoseconds() > first.sources[0].fetched_at.ToNanoseconds()
    assert await sql("select raw_payload, raw_payload_bytes from catalog.media_sources") == [
        (b"later", 5)
    ]
    assert [event.version for event in await events()] == [1, 2]
    assert (await events())[1].item == reply.item


async def test_refresh_that_says_the_same_is_no_news(ingest, events, sql):
    first = await ingest.UpsertMedia(upsert(DUNE))
    same = of(DUNE, metadata_json='{"pages":{"paper":412},"categories":["Fiction"]}')
    reply = await ingest.UpsertMedia(upsert(same, refresh=True, raw_payload=b"later"))
    assert reply.item.updated_at == first.item.updated_at
    assert reply.sources[0].fetched_at.ToNanoseconds() > (
        first.sources[0].fetched_at.ToNanoseconds()
    )
    assert len(await events()) == 1
    assert await sql("select version from catalog.media_items") == [(1,)]
    assert await sql("select raw_payload from catalog.media_sources") == [(b"later",)]


async def test_popularity_alone_is_no_news(ingest, events, sql):
    def about(count):
        """Of the work, of its entry in search, as the source has it."""
        popularity = popularity_of(to_draft(upsert(DUNE, popularity=count).draft))
        return (approx(popularity), approx(popularity), count)

    approx = partial(pytest.approx, abs=0.002)
    await ingest.UpsertMedia(upsert(DUNE, popularity=100))
    read = (
        "select m.popularity, q.popularity, s.popularity from catalog.media_items m "
        "join catalog.item_search q on q.media_item_id = m.id "
        "join catalog.media_sources s on s.media_item_id = m.id"
    )
    assert await sql(read) == [about(100)]
    await ingest.UpsertMedia(upsert(DUNE, refresh=True, popularity=101))
    assert await sql(read) == [(*about(100)[:2], 101)]
    await ingest.UpsertMedia(upsert(DUNE, refresh=True, popularity=9000))
    assert await sql(read) == [about(9000)]
    await ingest.UpsertMedia(upsert(DUNE, refresh=True, popularity=float("nan")))
    assert await sql(read) == [(*about(9000)[:2], None)]
    assert len(await events()) == 1


async def test_a_work_may_turn_out_to_be_of_another_kind(ingest, gateway, sql):
    first = await ingest.UpsertMedia(upsert(DUNE))
    game = of(DUNE, media_type=MEDIA_TYPE_GAME, game=Game(developers=["Westwood"]))
    await ingest.UpsertMedia(upsert(game, refresh=True))
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=first.item.id))
    assert stored.item.game.developers == ["Westwood"]
    assert stored.item.creators == ["Westwood"]
    assert await sql("select 1 from catalog.books") == []
    assert await sql("select media_type from catalog.item_search") == [("game",)]


@pytest.mark.parametrize("refresh", [0.0, 0.5, 1.0])
async def test_fifty_at_once_make_one_work(ingest, events, sql, refresh):
    chance = random.Random(7)

    def request(number):
        return upsert(of(DUNE, title=f"Dune {number % 3}"), refresh=chance.random() < refresh)

    replies = await asyncio.gather(*(ingest.UpsertMedia(request(n)) for n in range(50)))
    assert len({reply.item.id for reply in replies}) == 1
    assert sum(reply.created for reply in replies) == 1
    ((version, title),) = await sql("select version, title from catalog.media_items")
    assert await sql("select count(*) from catalog.media_sources") == [(1,)]
    told = await events()
    assert sorted(event.version for event in told) == list(range(1, version + 1))
    assert max(told, key=lambda event: event.version).item.title == title
    if not refresh:
        assert version == 1


async def test_batches_that_overlap_do_not_wait_for_each_other(database, sql):
    drafts = [to_draft(upsert(works.book(f"Book {n}"), f"b{n}").draft) for n in range(40)]

    async def store(seed):
        mine = drafts.copy()
        random.Random(seed).shuffle(mine)
        async with database.sessions.begin() as session:
            return await upsert_many(session, mine[:30], refresh=bool(seed % 2))

    replies = await asyncio.gather(*(store(seed) for seed in range(8)))
    assert await sql("select count(*) from catalog.media_items") == [(40,)]
    created = [key for reply in replies for key, one in reply.items() if one.created]
    assert len(created) == len(set(created)) == 40


async def test_a_batch_takes_as_many_statements_as_one(database, statements, events):
    items = [DUNE, works.MATRIX, works.OUTER_WILDS, works.GYMNOPEDIE]
    drafts = [to_draft(upsert(item, f"n{n}").draft) for n, item in enumerate(items * 50)]
    statements()
    async with database.sessions.begin() as session:
        upserted = await upsert_many(session, [*drafts, drafts[0]], refresh=False)
    assert statements() == 4
    assert len(upserted) == len(await events()) == 200
    assert upserted[SourceKey("google_books", "n1")].stored.item.facts.title == "The Matrix"


async def test_large_answers_are_not_kept(ingest, gateway, sql):
    big = of(DUNE, metadata_json='{"text": "' + "é" * 30_000 + '"}')
    reply = await ingest.UpsertMedia(upsert(big, raw_payload=b"x" * 250_001))
    cut = '{"reason": "too_large", "max_bytes": 50000, "truncated": true, "size_bytes": 60011}'
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))
    assert stored.item.metadata_json == cut
    (row,) = await sql("select raw_payload, raw_payload_bytes from catalog.media_sources")
    assert row.raw_payload_bytes == 250_001
    assert row.raw_payload == (
        b'{"truncated":true,"reason":"too_large","size_bytes":250001,"max_bytes":250000}'
    )
    await ingest.UpsertMedia(upsert(DUNE, "x2", raw_payload=b"x" * 250_000))
    assert await sql(
        "select length(raw_payload) from catalog.media_sources where external_id = 'x2'"
    ) == [(250_000,)]


async def test_what_a_source_says_oddly_is_made_fit(ingest, gateway):
    odd = of(
        DUNE,
        title=" Du\x00ne \n and\t" + "x" * 600,
        description="e\u0301\x00\x07 two\nlines" + " long" * 9000,
        cover_image_url="javascript:alert(1)",
        canonical_url="https://example.org/" + "a" * 1024,
        metadata_json='{"nul": "a\\u0000b", "half": "\\ud83d!", "whole": "\\ud83d\\ude00", '
        '"no": "\\\\u0000"}',
    )
    odd.book.authors[:] = ["", "A" * 300, *(f"Author {n}" for n in range(60)), "Author 1"]
    odd.book.isbn_13 = "978-0-441-01359-4"
    odd.book.isbn_10 = "0-441-01359-7"
    odd.book.page_count = -3
    reply = await ingest.UpsertMedia(upsert(odd, source_url="ftp://example.org"))
    item = (await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))).item
    assert item.title.startswith("Dune and xxx")
    assert item.title.endswith("x…")
    assert len(item.title) == 500
    assert item.description.startswith("é two\nlines long")
    assert len(item.description) <= 20_000
    assert not item.HasField("cover_image_url")
    assert not item.HasField("canonical_url")
    assert item.metadata_json == '{"no": "\\\\u0000", "nul": "ab", "half": "!", "whole": "😀"}'
    assert len(item.book.authors) == 50
    assert item.book.authors[0] == "A" * 199 + "…"
    assert item.book.isbn_10 == "0441013597"
    assert not item.book.HasField("isbn_13")
    assert not item.book.HasField("page_count")
    assert not reply.sources[0].HasField("canonical_url")


@pytest.mark.parametrize("metadata", ["[1]", "{", '"x"', "{}", "NaN", '{"a": 1e999}', "[" * 5000])
async def test_metadata_that_are_no_object_are_left_out(ingest, metadata):
    reply = await ingest.UpsertMedia(upsert(of(DUNE, metadata_json=metadata)))
    assert not reply.item.HasField("metadata_json")


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (UpsertMediaRequest(), {"media_type"}),
        (upsert(of(DUNE, title=" \x00 ")), {"title"}),
        (upsert(of(DUNE, media_type=17)), {"media_type"}),
        (upsert(of(DUNE, release_date="1965")), {"release_date"}),
        (upsert(DUNE, ""), {"external_id"}),
        (upsert(DUNE, "a\x00b"), {"external_id"}),
        (upsert(DUNE, "x" * 501), {"external_id"}),
        (upsert(DUNE, source_name="manual"), {"source_name"}),
        (upsert(of(DUNE, title=""), source_name="No Source", external_id=""),
         {"title", "source_name", "external_id"}),
    ],
)  # fmt: skip
async def test_what_is_no_work_is_refused(ingest, sql, request_, fields):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ingest.UpsertMedia(request_)
    error = from_rpc_error(refused.value)
    assert error.reason == "INVALID_MEDIA"
    assert error.metadata.keys() == fields
    assert await sql("select 1 from catalog.media_items") == []


async def test_found_by_source(ingest, statements):
    reply = await ingest.UpsertMedia(upsert(DUNE, "odd'id\\"))
    statements()
    found = await ingest.FindMediaBySource(
        FindMediaBySourceRequest(source_name="google_books", external_id="odd'id\\")
    )
    assert statements() == 1
    assert found.item.id == reply.item.id
    assert found.sources == reply.sources
    for other in ("nothing", "", "a\x00b"):
        with pytest.raises(grpc.aio.AioRpcError) as missing:
            await ingest.FindMediaBySource(
                FindMediaBySourceRequest(source_name="google_books", external_id=other)
            )
        assert missing.value.code() is grpc.StatusCode.NOT_FOUND
        assert from_rpc_error(missing.value).reason == "MEDIA_ITEM_NOT_FOUND"
