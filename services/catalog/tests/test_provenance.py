import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from catalog.media.drafts import bounded_facts
from catalog.media.identity import StrongId, are_one, strong_ids, titles_alike, values_of
from catalog.media.items import Book, Facts, Item, MediaType, Source, SourcedItem, SourceKey
from catalog.media.provenance import Said, filled, of_each, renewed, said, without
from tastebuds.catalog.v1.media_pb2 import Book as BookMessage
from tastebuds.catalog.v1.media_service_pb2 import GetMediaRequest

from . import works
from .works import DUNE, MATRIX, book, of, upsert

AT = datetime(2026, 5, 3, tzinfo=UTC)


def facts(title="Tidewatch", **fields):
    return bounded_facts(Facts(media_type=MediaType.BOOK, title=title, **fields))


def source(name):
    return Source(id=uuid4(), key=SourceKey(name, "1"), canonical_url=None, fetched_at=AT)


def stored(facts, *sources):
    item = Item(id=uuid4(), facts=facts, popularity=0, version=1, created_at=AT, updated_at=AT)
    return SourcedItem(item, sources)


def test_from_the_second_source_on_each_field_is_the_word_of_one():
    first, second = source("first"), source("second")
    before = of_each(said(stored(facts(subtitle="One"), first)), [first])
    assert before.field_sources == {"title": first.id, "subtitle": first.id}
    answer = facts("Other", subtitle="Two", description="By two.", extension=Book(page_count=9))
    after = renewed(before, second.id, answer)
    assert (after.facts.title, after.facts.subtitle) == ("Tidewatch", "One")
    assert (after.facts.description, after.facts.extension.page_count) == ("By two.", 9)
    assert after.field_sources == {
        "title": first.id,
        "subtitle": first.id,
        "description": second.id,
        "details": second.id,
    }
    # The first says nothing of its subtitle any more: the second may.
    emptied = renewed(after, first.id, facts("Tidewatch II", description="By one."))
    assert (emptied.facts.title, emptied.facts.subtitle) == ("Tidewatch II", None)
    assert emptied.facts.description == "By two."
    again = renewed(emptied, second.id, answer)
    assert (again.facts.subtitle, again.field_sources["subtitle"]) == ("Two", second.id)


def test_people_named_are_those_of_the_details():
    first, second = source("first"), source("second")
    before = of_each(said(stored(facts(extension=Book(authors=("Ada",))), first)), [first])
    after = renewed(before, second.id, facts(extension=Book(authors=("Bob",))))
    assert after.facts.creators == ("Ada",)
    after = renewed(after, first.id, facts(extension=Book(authors=("Cid",))))
    assert after.facts.creators == ("Cid",)


def test_another_kind_is_believed_only_of_whoever_has_the_details():
    first, second = source("first"), source("second")
    before = of_each(said(stored(facts(), first)), [first])
    film = Facts(media_type=MediaType.MOVIE, title="Tidewatch")
    assert renewed(before, second.id, film).facts.media_type is MediaType.BOOK


def test_what_fills_can_be_taken_away_again():
    first, second = uuid4(), uuid4()
    own = Said(facts(subtitle="One"), {"title": first, "subtitle": first})
    other = Said(
        facts("Other", description="By two.", extension=Book(authors=("Ada",))),
        dict.fromkeys(("title", "description", "details"), second),
    )
    joined = filled(own, other)
    assert joined.facts.description == "By two."
    assert joined.facts.creators == ("Ada",)
    parted = without(joined, [second])
    assert parted.facts == facts(subtitle="One", extension=Book())
    assert parted.field_sources == own.field_sources


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Dune", "DUNE!", True),
        ("Dune", "Dune: book one", True),
        ("The Hitchhiker's Guide to the Galaxy", "Hitchhikers Guide to the Galaxy, The", True),
        ("Dune", "Dunes of the West", False),
        ("Nebelkai", "Fog on the Pier", False),
        ("Tidewatch Part One", "Tidewatch Part Two", False),
    ],
)
def test_titles_alike(one, other, alike):
    assert titles_alike(one, other) is titles_alike(other, one) is alike


def test_strong_ids_are_found_in_all_their_forms():
    both = facts(extension=Book(isbn_10="0441013597", isbn_13="9780441013593"))
    short = facts(extension=Book(isbn_10="0441013597"))
    assert strong_ids(both) == strong_ids(short) == (StrongId("isbn", "9780441013593"),)
    assert values_of(strong_ids(short)).isbns_10 == ["0441013597"]
    assert values_of([StrongId("isbn", "9791234567896")]).isbns_10 == []
    assert are_one(both, short)
    assert not are_one(both, facts("Else", extension=Book(isbn_10="0441013597")))


@pytest.fixture
def origins(gateway):
    async def read(work):
        found = await gateway.GetMedia(GetMediaRequest(media_item_id=work))
        return {one.field: one.source_name for one in found.field_sources}

    return read


OPEN_DUNE = of(DUNE, title="Dune (Chronicles)", description="Worms.", metadata_json='{"x": 1}')


async def test_of_one_source_everything_is_its_word(ingest, gateway, origins):
    reply = await ingest.UpsertMedia(upsert(DUNE))
    assert await origins(reply.item.id) == dict.fromkeys(
        (
            "title", "subtitle", "description", "release_date", "cover_image_url", "canonical_url",
            "metadata", "creators", "details",
        ),
        "google_books",
    )  # fmt: skip
    found = await gateway.GetMedia(GetMediaRequest(media_item_id=reply.item.id))
    (title,) = [one for one in found.field_sources if one.field == "title"]
    assert title.external_id == "x1"
    assert title.at == found.sources[0].fetched_at
    bare = await ingest.UpsertMedia(upsert(book("Beowulf"), "x2"))
    assert await origins(bare.item.id) == {"title": "google_books"}


async def test_the_same_book_of_another_source_is_a_further_source(
    ingest, gateway, origins, events, statements, sql
):
    bare = of(DUNE)
    bare.ClearField("description")
    bare.book.ClearField("isbn_13")
    first = await ingest.UpsertMedia(upsert(bare))
    statements()
    second = await ingest.UpsertMedia(upsert(OPEN_DUNE, "OL1W", source_name="open_library"))
    assert statements() <= 7
    assert (second.item.id, second.created) == (first.item.id, False)
    assert [source.source_name for source in second.sources] == ["google_books", "open_library"]
    assert second.item.title == "Dune"
    assert second.item.description == "Worms."
    found = await origins(first.item.id)
    assert found["description"] == "open_library"
    assert set(found.values()) == {"google_books", "open_library"}
    assert [event.version for event in await events()] == [1, 2]
    assert (await events())[1].item.description == "Worms."
    known = await ingest.UpsertMedia(upsert(OPEN_DUNE, "OL1W", source_name="open_library"))
    assert known.item.id == first.item.id
    assert len(await events()) == 2
    assert await sql("select count(*) from catalog.media_items") == [(1,)]


async def test_a_refresh_changes_only_a_sources_own_fields(ingest, gateway, events):
    bare = of(DUNE)
    bare.ClearField("description")
    first = await ingest.UpsertMedia(upsert(bare))
    await ingest.UpsertMedia(upsert(OPEN_DUNE, "OL1W", source_name="open_library"))
    changed = of(
        OPEN_DUNE, title="No", description="Sand.", subtitle="No", release_date="2000-01-01"
    )
    changed.book.page_count = 7
    reply = await ingest.UpsertMedia(
        upsert(changed, "OL1W", source_name="open_library", refresh=True)
    )
    assert reply.item.description == "Sand."
    assert (reply.item.title, reply.item.subtitle) == ("Dune", "Book one")
    assert (reply.item.release_date, reply.item.book) == ("1965-08-01", bare.book)
    reply = await ingest.UpsertMedia(upsert(of(DUNE, title="Dune Messiah"), refresh=True))
    assert (reply.item.title, reply.item.description) == ("Dune Messiah", "Sand.")
    assert [event.version for event in await events()] == [1, 2, 3, 4]
    stored = await gateway.GetMedia(GetMediaRequest(media_item_id=first.item.id))
    assert stored.item == of(reply.item, metadata_json=stored.item.metadata_json)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MATRIX, of(MATRIX, title="The Matrix (1999)")),
        (works.GYMNOPEDIE, of(works.GYMNOPEDIE, title="Gymnopedie No 1")),
        (DUNE, book("Dune", book=BookMessage(isbn_10="0441013597"))),
        (DUNE, book("Dune", book=BookMessage(isbn_13="9780441013593"))),
    ],
)
async def test_strong_ids_of_every_kind(ingest, one, other):
    first = await ingest.UpsertMedia(upsert(one))
    second = await ingest.UpsertMedia(upsert(other, "y", source_name="another"))
    assert second.item.id == first.item.id


async def test_what_only_shares_an_id_is_a_work_of_its_own(ingest, gateway, people):
    first = await ingest.UpsertMedia(upsert(DUNE))
    other = await ingest.UpsertMedia(upsert(of(DUNE, title="Der Wüstenplanet"), "y"))
    assert other.created
    typed = await gateway.CreateManualMedia(works.manual(DUNE), metadata=people.metadata(uuid4()))
    assert typed.created
    assert len({first.item.id, other.item.id, typed.item.id}) == 3


async def test_of_many_sources_at_once_one_work_is_made(ingest, sql):
    replies = await asyncio.gather(
        *(
            ingest.UpsertMedia(upsert(DUNE, str(n), source_name=f"source_{n}", refresh=bool(n % 2)))
            for n in range(20)
        )
    )
    assert len({reply.item.id for reply in replies}) == 1
    assert sum(reply.created for reply in replies) == 1
    assert await sql("select count(*) from catalog.media_sources") == [(20,)]
    assert await sql("select count(*) from catalog.media_items") == [(1,)]


async def test_who_brought_a_work_in_is_remembered(ingest, people, sql):
    first, second = uuid4(), uuid4()
    for user_id in (first, second):
        await ingest.UpsertMedia(upsert(DUNE), metadata=people.metadata(user_id))
    await ingest.UpsertMedia(upsert(DUNE, refresh=True))
    assert await sql("select created_by from catalog.media_sources") == [(first,)]
