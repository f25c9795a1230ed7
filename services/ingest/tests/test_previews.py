"""What searches outside showed: whose it is, for how long, and how much of it is kept."""

import asyncio
import random
from datetime import date, timedelta
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import select

from common.db import now
from common.errors import Kind
from ingest.consumers import on_user_deleted
from ingest.drafts import (
    BookDraft,
    GameDraft,
    MediaDraft,
    MediaType,
    MusicDraft,
    ScreenDraft,
    Source,
)
from ingest.models import Preview, SearchAllowance, SourceAnswer
from ingest.previews import documents, repository, service
from ingest.previews.likeness import Likeness, Twin, twins
from ingest.previews.question import Question, fold
from ingest.previews.shown import Answer, Shown, preview_id
from tastebuds.auth.v1.account_events_pb2 import UserDeleted
from tastebuds.ingest.v1 import preview_service_pb2 as pb

from .preview_desk import BOOK, FILM, open_desk, refusal

PERSON = uuid4()


@pytest.fixture
async def desk(serve, people, upstream, catalogue):
    upstream.plan("tmdb/search/multi", {"results": [FILM]})
    upstream.plan("google_books/volumes", {"items": [BOOK]})
    async with open_desk(serve, people, upstream, catalogue) as opened:
        yield opened


def draft(extension, **changed):
    usual = {
        "media_type": MediaType.BOOK,
        "source_name": Source.GOOGLE_BOOKS,
        "external_id": "vol1",
        "title": "The Quiet Harbour",
        "raw_payload": b'{"id": "vol1"}',
        "extension": extension,
    }
    return MediaDraft(**{**usual, **changed})


def hit(source, extension=None, **changed):
    made = draft(extension or BookDraft(), source_name=source, **changed)
    return Shown(preview_id(PERSON, source, made.external_id), made, now())


async def test_a_preview_is_read_as_it_was_shown(desk):
    shown = await desk.show("google_books")
    assert await desk.get(shown.id) == shown
    assert shown.item.book.isbn_13 == "9780000000002"
    assert shown.item.canonical_url == "https://books.google.com/books?id=vol1"


async def test_a_preview_is_its_persons_alone(desk):
    shown = await desk.show()
    error = await refusal(desk.get(shown.id, user_id=uuid4()))
    assert (error.kind, error.reason, error.message) == (
        Kind.NOT_FOUND,
        "PREVIEW_NOT_FOUND",
        "Preview not found",
    )


async def test_the_same_hit_has_another_id_for_another_person(desk):
    mine, theirs = await desk.show(), await desk.show(user_id=uuid4())
    assert mine.item == theirs.item
    assert mine.id != theirs.id


async def test_an_expired_preview_says_so_for_a_day(desk):
    shown = await desk.show()
    await desk.age(timedelta(minutes=5))
    error = await refusal(desk.get(shown.id))
    assert (error.kind, error.reason, error.message) == (
        Kind.NOT_FOUND,
        "PREVIEW_EXPIRED",
        "Preview expired",
    )
    async with desk.database.sessions.begin() as session:
        assert await service.sweep(session, 100) == 1  # the answer
    assert (await refusal(desk.get(shown.id))).reason == "PREVIEW_EXPIRED"
    await desk.age(timedelta(days=1))
    async with desk.database.sessions.begin() as session:
        assert await service.sweep(session, 100) == 1
    assert (await refusal(desk.get(shown.id))).reason == "PREVIEW_NOT_FOUND"


async def test_a_sweep_is_bounded(desk):
    for query in ("one", "two", "three"):
        await desk.search("tmdb", query=query)
    await desk.age(timedelta(days=2))
    async with desk.database.sessions.begin() as session:
        assert await service.sweep(session, 2) == 2
        assert await service.sweep(session, 2) == 2
        assert await service.sweep(session, 2) == 0


async def test_an_id_that_is_none_is_refused(desk):
    error = await refusal(desk.get("603"))
    assert (error.kind, error.reason) == (Kind.INVALID, "INVALID_ID")


async def test_payloads_are_capped(desk, upstream):
    upstream.plan("tmdb/search/multi", {"results": [{**FILM, "overview": "word " * 15_000}]})
    shown = await desk.show()
    assert len(shown.item.description) == documents.LONGEST_DESCRIPTION
    async with desk.database.readers() as session:
        kept = orjson.loads(await session.scalar(select(Preview.raw_payload)))
    assert kept["truncated"] is True
    assert kept["max_bytes"] == 50_000
    assert kept["size_bytes"] > 75_000
    assert kept["reason"] == "too_large"
    assert kept["preview"].startswith('{"id":603')


def test_metadata_are_capped():
    long = draft(BookDraft(), metadata={"categories": ["é" * 15_000]})
    capped = documents.capped(long)
    assert capped.metadata["truncated"] is True
    assert capped.metadata["size_bytes"] == len(orjson.dumps(long.metadata))
    assert len(orjson.dumps(capped.metadata)) < documents.MOST_METADATA_BYTES
    assert documents.whole_facts(capped).metadata == {}


def test_names_are_capped():
    many = draft(BookDraft(authors=("N" * 1000,) * 60, publisher="P" * 1000, page_count=9))
    extension = documents.capped(many).extension
    assert extension.authors == ("N" * 200,) * 50
    assert (len(extension.publisher), extension.page_count) == (200, 9)


@pytest.mark.parametrize(
    "whole",
    [
        draft(BookDraft(("Ida Holm",), 9, "Pier", "en", "0000000000", "9780000000002")),
        draft(ScreenDraft(97, ("A",), ("B",), "tv", "tt0000001"), media_type=MediaType.TV),
        draft(GameDraft(("PC",), ("A",), ("B",), ("C",)), media_type=MediaType.GAME),
        draft(MusicDraft("A", "B", 3, 1000, "x"), media_type=MediaType.MUSIC),
        draft(
            BookDraft(),
            subtitle="A novel",
            description="…",
            release_date=date(2018, 1, 1),
            cover_image_url="https://covers.example.org/1",
            canonical_url="https://books.example.org/1",
            source_url="https://api.example.org/1",
            metadata={"pages": 9, "tags": ["a"], "rating": None},
            popularity=1.5,
        ),
    ],
    ids=lambda whole: whole.media_type,
)
def test_what_is_written_is_read(whole):
    kept = orjson.loads(orjson.dumps(documents.write(whole)))
    assert documents.read(kept, whole.raw_payload) == whole


def test_what_a_newer_replica_has_written_is_read_as_far_as_known():
    whole = draft(BookDraft(("Ida Holm",)))
    kept = documents.write(whole)
    newer = {**kept, "mood": "calm", "extension": {**kept["extension"], "binding": "cloth"}}
    assert documents.read(newer, whole.raw_payload) == whole


async def test_a_person_has_so_many_previews_and_the_latest(desk, database):
    at = now()
    rows = [
        Preview(
            id=uuid4(), user_id=desk.user_id, source="tmdb", external_id=f"movie:{number}",
            draft={}, raw_payload=b"", expires_at=at + timedelta(seconds=number),
        )
        for number in range(-repository.MOST_PREVIEWS, 1)
    ]  # fmt: skip
    others = uuid4()
    async with database.sessions.begin() as session:
        session.add_all(rows)
    await desk.show("google_books", user_id=others)
    assert await desk.count(Preview) == repository.MOST_PREVIEWS + 2
    shown = await desk.show("google_books")
    assert await desk.count(Preview) == repository.MOST_PREVIEWS + 1
    assert await desk.get(shown.id)


async def test_questions_and_saves_at_once_do_not_stand_in_each_others_way(database):
    shown = [hit(Source.TMDB, external_id=f"movie:{number}") for number in range(20)]
    later = now() + timedelta(minutes=5)

    async def ask(number):
        question = Question(
            user_id=PERSON, text=f"tide {number % 3}", sources=[Source.TMDB], media_types=(), hits=5
        )
        answer = Answer(source=Source.TMDB, shown=random.sample(shown, 15))
        async with database.sessions.begin() as session:
            await repository.remember(session, question, [answer], later)

    async def save(_):
        async with database.sessions.begin() as session:
            some = random.sample(shown, 15)
            await repository.note_saved(session, {each.id: uuid4() for each in some})

    async with asyncio.timeout(30):
        await asyncio.gather(*(do(number) for number in range(40) for do in (ask, save)))


async def test_a_deleted_person_leaves_nothing(desk):
    await desk.show()
    others = uuid4()
    await desk.show(user_id=others)
    async with desk.database.sessions.begin() as session:
        await on_user_deleted(session, UserDeleted(user_id=str(desk.user_id)))
    for table in (Preview, SourceAnswer, SearchAllowance):
        assert await desk.count(table) == 1


async def test_two_sources_of_one_book_are_marked(desk, upstream):
    film = {**FILM, "title": "The Quiet Harbour"}
    upstream.plan("tmdb/search/multi", {"results": [film]})
    answers = await desk.search("google_books", "tmdb")
    assert answers["tmdb"].hits[0].same_as == ""  # a film is no book


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (
            {"canonical_url": "https://www.example.org/Harbour/"},
            {"canonical_url": "http://example.org/harbour"},
            Likeness.CANONICAL_URL,
        ),
        (
            {"extension": BookDraft(isbn_10="080442957X")},
            {"extension": BookDraft(isbn_13="9780804429573")},
            Likeness.ISBN,
        ),
        (
            {"extension": ScreenDraft(imdb_id="tt0000001")},
            {"extension": ScreenDraft(imdb_id="tt0000001")},
            Likeness.IMDB_ID,
        ),
        (
            {"extension": MusicDraft(mbid="ABC")},
            {"extension": MusicDraft(mbid="abc")},
            Likeness.MBID,
        ),
        (
            {"extension": BookDraft(authors=("Ida Hólm",)), "release_date": date(2018, 1, 1)},
            {
                "extension": BookDraft(authors=("X", "ida holm")),
                "release_date": date(2018, 5, 5),
                "title": "The quiet, harbour",
            },
            Likeness.TITLE_YEAR_CREATOR,
        ),
    ],
)
def test_one_work_of_two_sources_is_seen(first, second, reason):
    one, other = hit(Source.GOOGLE_BOOKS, **first), hit(Source.IGDB, **second)
    assert twins([one, other]) == {other.id: Twin(one.id, reason)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),  # a title alone says little
        ({"release_date": date(2018, 1, 1)}, {"release_date": date(2018, 1, 1)}),
        (
            {"extension": BookDraft(authors=("A",)), "release_date": date(2018, 1, 1)},
            {"extension": BookDraft(authors=("A",)), "release_date": date(2019, 1, 1)},
        ),
        ({"extension": BookDraft(isbn_10="none")}, {"extension": BookDraft(isbn_10="none")}),
    ],
)
def test_what_is_only_alike_is_not_one_work(first, second):
    assert twins([hit(Source.GOOGLE_BOOKS, **first), hit(Source.IGDB, **second)]) == {}


def test_hits_of_one_source_are_two_records():
    same = {"canonical_url": "https://example.org/harbour"}
    hits = [hit(Source.TMDB, external_id=each, **same) for each in ("movie:1", "movie:2")]
    assert twins(hits) == {}


def test_the_first_source_is_the_one_named():
    one = hit(Source.GOOGLE_BOOKS, BookDraft(isbn_13="9780000000002"))
    two = hit(
        Source.TMDB, BookDraft(isbn_13="9780000000002"), canonical_url="https://a.example.org"
    )
    three = hit(Source.IGDB, canonical_url="https://a.example.org")
    found = twins([one, two, three])
    assert {twin.preview_id for twin in found.values()} == {one.id}


def test_ids_of_previews_are_their_own_kind_and_stable():
    made = preview_id(PERSON, "tmdb", "movie:603")
    assert made == preview_id(PERSON, "tmdb", "movie:603")
    assert made.version == 8
    assert made != preview_id(PERSON, "tmdb", "tv:603")


@pytest.mark.parametrize("other", ["tidewatch", " TIDEWATCH ", "\uff34idewatch"])
def test_questions_are_the_same_however_they_are_written(other):
    assert fold("Tidewatch") == fold(other)


async def test_only_the_gateway_may_read(desk):
    request = pb.GetPreviewRequest(preview_id=str(uuid4()))
    assert (await refusal(desk.stub.GetPreview(request, timeout=5))).reason == "INVALID_TOKEN"
