import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from tastebuds.catalog.v1 import media_service_pb2 as pb
from tastebuds.catalog.v1.media_pb2 import MEDIA_TYPE_TV
from tastebuds.catalog.v1.media_pb2 import Book as BookMessage
from tastebuds.catalog.v1.merge_service_pb2 import MergeMediaRequest

from .library_desk import NOTE, WANTED, refused
from .works import DUNE, GYMNOPEDIE, MATRIX, OUTER_WILDS, book, of, upsert


@pytest.fixture
def match(ingest, people):
    """`await match(item, …)`: index → (id, reason), each as a source outside shows it."""

    async def run(*items, user_id=None):
        drafts = [
            upsert(item, f"new{n}", source_name="another").draft for n, item in enumerate(items)
        ]
        metadata = people.metadata(user_id) if user_id else None
        reply = await ingest.MatchMedia(pb.MatchMediaRequest(drafts=drafts), metadata=metadata)
        return {one.index: (one.item.id, pb.MatchReason.Name(one.reason)) for one in reply.matches}

    return run


@pytest.fixture
def add(ingest):
    async def run(item, external_id="x1", **draft):
        return (await ingest.UpsertMedia(upsert(item, external_id, **draft))).item.id

    return run


async def test_for_the_best_reason(ingest, add):
    work = await add(DUNE)
    by_source = upsert(of(DUNE, title="Else"), "x1").draft
    (match,) = (await ingest.MatchMedia(pb.MatchMediaRequest(drafts=[by_source]))).matches
    assert (match.item.id, match.reason) == (work, pb.MATCH_REASON_SOURCE_ID)
    assert match.item.title == "Dune"
    assert match.item.creators == ["Frank Herbert"]
    assert match.item.WhichOneof("extension") is None


@pytest.mark.parametrize(
    ("known", "asked", "reason"),
    [
        (DUNE, book("Other", canonical_url=DUNE.canonical_url), "CANONICAL_URL"),
        (DUNE, book("Other", canonical_url="HTTPS://Books.Example.org/dune/"), "CANONICAL_URL"),
        (DUNE, book("Other", canonical_url="https://books.example.org/Dune"), None),
        (DUNE, book("Other", canonical_url="http://books.example.org/dune"), None),
        (DUNE, book("Other", book=BookMessage(isbn_13="978-0-441-01359-3")), "ISBN"),
        (DUNE, book("Other", book=BookMessage(isbn_10="0-441-01359-7")), "ISBN"),
        (book("D", book=BookMessage(isbn_10="0441013597")),
         book("Other", book=BookMessage(isbn_13="9780441013593")), "ISBN"),
        (book("D", book=BookMessage(isbn_13="9780441013593")),
         book("Other", book=BookMessage(isbn_10="0441013597")), "ISBN"),
        (MATRIX, of(MATRIX, title="Matrix"), "IMDB_ID"),
        (GYMNOPEDIE, of(GYMNOPEDIE, title="Else"), "MBID"),
        (book("Dune", release_date="1965-08-01", book=BookMessage(authors=["Frank Herbert"])),
         book("The DUNE!", release_date="1965-01-01",
              book=BookMessage(authors=["X", "frank  herbert"])), "TITLE_YEAR_CREATOR"),
        (book("Dune", release_date="1965-08-01", book=BookMessage(authors=["Frank Herbert"])),
         book("Dune", release_date="1966-01-01", book=BookMessage(authors=["Frank Herbert"])),
         None),
        (book("Dune", release_date="1965-08-01", book=BookMessage(authors=["Frank Herbert"])),
         book("Dune", release_date="1965-08-01", book=BookMessage(authors=["Else"])), None),
        (book("Dune", book=BookMessage(authors=["Frank Herbert"])),
         book("Dune", book=BookMessage(authors=["Frank Herbert"])), None),
        (of(OUTER_WILDS, release_date="2019-05-28"), of(OUTER_WILDS, release_date="2019-01-01"),
         "TITLE_YEAR_CREATOR"),
    ],
)  # fmt: skip
async def test_each_reason(add, match, known, asked, reason):
    work = await add(known)
    expected = {} if reason is None else {0: (work, f"MATCH_REASON_{reason}")}
    assert await match(asked) == expected


async def test_of_another_kind_it_is_another_work(add, match):
    film = of(MATRIX)
    film.screen.ClearField("imdb_id")
    await add(film)
    assert await match(of(film, media_type=MEDIA_TYPE_TV)) == {}


async def test_a_hundred_take_two_statements(add, match, statements, ingest):
    ids = [
        await add(book(f"Book {n}", canonical_url=f"https://x.example/{n}"), str(n))
        for n in range(9)
    ]
    asked = [book(f"B{n}", release_date="2000-01-01", canonical_url=f"https://x.example/{n}")
             for n in range(100)]  # fmt: skip
    statements()
    found = await match(*asked)
    assert statements() == 2
    assert found == {n: (ids[n], "MATCH_REASON_CANONICAL_URL") for n in range(9)}
    statements()
    assert len(await match(*asked[:9])) == 9
    assert statements() == 1
    assert await match() == {}
    too_many = [upsert(book("B"), str(n)).draft for n in range(101)]
    await refused("TOO_MANY", ingest.MatchMedia(pb.MatchMediaRequest(drafts=too_many)))


async def test_what_is_no_work_matches_nothing(add, ingest):
    work = await add(DUNE)
    drafts = [upsert(of(DUNE, title=""), "x1").draft, pb.MediaDraft(), upsert(DUNE, "x1").draft]
    reply = await ingest.MatchMedia(pb.MatchMediaRequest(drafts=drafts))
    assert [(one.index, one.item.id) for one in reply.matches] == [(2, work)]


async def test_whether_it_is_in_the_library(add, ingest, people, desk):
    stated, noted = await add(DUNE), await add(MATRIX, "m")
    await desk.put(stated, WANTED)
    await desk.write(noted, NOTE)
    drafts = [upsert(DUNE, "x1").draft, upsert(MATRIX, "m").draft]
    request = pb.MatchMediaRequest(drafts=drafts)
    mine = await ingest.MatchMedia(request, metadata=people.metadata(desk.user_id))
    assert [one.in_library for one in mine.matches] == [True, True]
    for other in (people.metadata(uuid4()), None):
        reply = await ingest.MatchMedia(request, metadata=other)
        assert [one.in_library for one in reply.matches] == [False, False]


async def test_an_absorbed_work_is_matched_as_its_survivor(add, match, merges, people):
    kept, gone = await add(book("Dune II"), "k"), await add(DUNE, "g")
    request = MergeMediaRequest(survivor_id=kept, absorbed_id=gone)
    await merges.MergeMedia(request, metadata=people.metadata(uuid4(), ["admin"]))
    isbn = book("Other", book=BookMessage(isbn_13="9780441013593"))
    assert await match(isbn) == {0: (kept, "MATCH_REASON_ISBN")}


NOW = datetime.now(UTC)


@pytest.fixture
def fetched(database):
    """`await fetched("x1", 200)`: that record was fetched so many days ago."""

    async def run(external_id, days):
        async with database.sessions.begin() as session:
            await session.execute(
                text("update catalog.media_sources set fetched_at = :at where external_id = :id"),
                {"at": NOW - timedelta(days=days), "id": external_id},
            )

    return run


@pytest.fixture
def claim(ingest):
    async def run(source_name="google_books", days=150, used_days=None, limit=500):
        request = pb.ClaimStaleMediaRequest(source_name=source_name, limit=limit)
        request.fetched_before.CopyFrom(ago(days))
        if used_days is not None:
            request.used_fetched_before.CopyFrom(ago(used_days))
        return list((await ingest.ClaimStaleMedia(request)).external_ids)

    return run


def ago(days):
    moment = Timestamp()
    moment.FromDatetime(NOW - timedelta(days=days))
    return moment


async def test_stale_records_are_handed_out_once_longest_ago_first(
    add, fetched, claim, ingest, database
):
    for n, days in enumerate((151, 200, 149, 170)):
        await add(book(f"Book {n}"), str(n))
        await fetched(str(n), days)
    await add(book("Elsewhere"), "e", source_name="open_library")
    await fetched("e", 300)
    assert await claim(limit=2) == ["1", "3"]
    assert await claim() == ["0"]
    assert await claim() == []
    # Nothing came of it: it is due again after a day, before those that were fetched.
    async with database.sessions.begin() as session:
        await session.execute(
            text(
                "update catalog.media_sources"
                " set refresh_claimed_at = refresh_claimed_at - interval '1 day 1 second'"
            )
        )
    await ingest.UpsertMedia(upsert(book("Book 1"), "1", refresh=True))
    assert await claim() == ["3", "0"]


async def test_what_people_use_is_due_sooner(add, fetched, claim, desk, database):
    used, placed, _ = [await add(book(f"Book {n}"), n) for n in ("used", "placed", "other")]
    for n in ("used", "placed", "other"):
        await fetched(n, 10)
    await desk.put(used, WANTED)
    async with database.sessions.begin() as session:
        menu = {"menu": uuid4(), "work": UUID(placed), "owner": uuid4(), "at": NOW}
        await session.execute(
            text(
                "insert into catalog.menu_copies (menu_id, owner_id, revision, is_public, slug,"
                " title, course_count, changed_at)"
                " values (:menu, :owner, 1, false, 's', 't', 1, :at)"
            ),
            menu,
        )
        await session.execute(
            text(
                "insert into catalog.menu_placements (menu_id, media_item_id, count)"
                " values (:menu, :work, 1)"
            ),
            {"menu": menu["menu"], "work": menu["work"]},
        )
    assert await claim() == []
    assert sorted(await claim(used_days=7)) == ["placed", "used"]
    assert await claim(used_days=7) == []


async def test_who_claim_at_once_are_given_different_records(add, fetched, claim):
    for n in range(12):
        await add(book(f"Book {n}"), str(n))
        await fetched(str(n), 200)
    given = await asyncio.gather(*(claim(limit=4) for _ in range(6)))
    all_given = [one for some in given for one in some]
    assert len(all_given) == len(set(all_given))
    while some := await claim():
        all_given += some
    assert sorted(all_given, key=int) == [str(n) for n in range(12)]


async def test_a_claim_says_what_is_due_and_how_many(ingest, claim):
    await refused("INVALID_TIME", ingest.ClaimStaleMedia(pb.ClaimStaleMediaRequest(limit=1)))
    for limit in (0, 501, -1):
        await refused("INVALID_PAGE", claim(limit=limit))
    assert await claim(source_name="no such source") == []
