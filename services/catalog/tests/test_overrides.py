import asyncio
from uuid import uuid4

import pytest

from catalog.overrides import service as overrides
from tastebuds.catalog.v1.media_pb2 import MediaItem
from tastebuds.catalog.v1.media_service_pb2 import GetMediaRequest, OverrideMediaRequest
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

from .library_desk import refused
from .works import DUNE, of, upsert


@pytest.fixture
async def dune(ingest):
    return (await ingest.UpsertMedia(upsert(DUNE))).item


@pytest.fixture
def override(gateway, people):
    """By an admin, for everybody; by a person, for that one."""

    async def run(work, user_id, *, admin=False, changed=None, **fields):
        request = OverrideMediaRequest(
            media_item_id=work, changed=changed or list(fields), for_everybody=admin, **fields
        )
        roles = ["admin"] if admin else []
        return await gateway.OverrideMedia(request, metadata=people.metadata(user_id, roles))

    return run


@pytest.fixture
def get(gateway, people):
    async def run(work, user_id=None):
        metadata = people.metadata(user_id) if user_id else None
        return await gateway.GetMedia(GetMediaRequest(media_item_id=work), metadata=metadata)

    return run


async def test_a_persons_own_is_that_persons_alone(dune, override, get, events, statements, search):
    ana, ben = uuid4(), uuid4()
    statements()
    reply = await override(dune.id, ana, title=" My  Dune ", release_date="1966-01-01")
    assert statements() == 3
    assert (reply.item.title, reply.item.release_date) == ("My Dune", "1966-01-01")
    seen = await get(dune.id, ana)
    assert (seen.item, list(seen.field_sources)) == (reply.item, list(reply.field_sources))
    origins = {one.field: one.source_name for one in seen.field_sources}
    assert (origins["title"], origins["subtitle"]) == ("own", "google_books")
    for other in (ben, None):
        assert (await get(dune.id, other)).item.title == "Dune"
    assert len(await events()) == 1
    reply = await override(dune.id, ana, changed=["title"])
    assert (reply.item.title, reply.item.release_date) == ("Dune", "1966-01-01")


async def test_everybodys_is_shown_found_and_told(dune, override, get, search, events, ingest):
    admin, ana = uuid4(), uuid4()
    await override(dune.id, ana, title="My Dune")
    reply = await override(dune.id, admin, admin=True, title="Arrakis", description="Sand.")
    assert (reply.item.title, reply.item.description) == ("Arrakis", "Sand.")
    seen = await get(dune.id)
    assert seen.item.title == "Arrakis"
    assert {o.field for o in seen.field_sources if o.source_name == "override"} == {
        "title",
        "description",
    }
    assert (await get(dune.id, ana)).item.title == "My Dune"
    hits = (await search.SearchMedia(SearchMediaRequest(query="arrakis"))).items
    assert [hit.title for hit in hits] == ["Arrakis"]
    assert [event.version for event in await events()] == [1, 2]
    assert (await events())[1].item.title == "Arrakis"
    # It survives what sources say, and gives way to that when it is taken back.
    changed = of(DUNE, title="Dune Messiah", description="More worms.", subtitle="Two")
    refreshed = await ingest.UpsertMedia(upsert(changed, refresh=True))
    assert (refreshed.item.title, refreshed.item.subtitle) == ("Arrakis", "Two")
    reply = await override(dune.id, admin, admin=True, changed=["title", "description"])
    assert (reply.item.title, reply.item.description) == ("Dune Messiah", "More worms.")
    assert [event.version for event in await events()] == [1, 2, 3, 4]


async def test_what_no_source_says_can_be_said_and_taken_back(ingest, override, get):
    work = (await ingest.UpsertMedia(upsert(MediaItem(media_type=1, title="Bare")))).item.id
    await override(work, uuid4(), admin=True, subtitle="Sub", cover_image_url="https://x.example/1")
    assert (await get(work)).item.subtitle == "Sub"
    await ingest.UpsertMedia(upsert(MediaItem(media_type=1, title="Bare II"), refresh=True))
    seen = (await get(work)).item
    assert (seen.title, seen.subtitle, seen.cover_image_url) == (
        "Bare II",
        "Sub",
        "https://x.example/1",
    )
    await override(work, uuid4(), admin=True, changed=["subtitle", "cover_image_url"])
    assert not (await get(work)).item.HasField("subtitle")


async def test_overriding_the_same_again_is_no_news(dune, override, events):
    for _ in range(2):
        await override(dune.id, uuid4(), admin=True, title="Arrakis")
    assert len(await events()) == 2


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"title": ""}, {"title"}),
        ({"title": " \x00"}, {"title"}),
        ({"title": "x" * 501}, {"title"}),
        ({"subtitle": ""}, {"subtitle"}),
        ({"release_date": "soon"}, {"release_date"}),
        ({"release_date": "9999-01-01"}, {"release_date"}),
        ({"cover_image_url": "data:x"}, {"cover_image_url"}),
        ({"changed": ["canonical_url", "title"]}, {"canonical_url"}),
        ({"title": "", "description": "x" * 20_001}, {"title", "description"}),
    ],
)
async def test_a_wrong_value_is_refused_field_by_field(dune, override, fields, named):
    error = await refused("INVALID_MEDIA", override(dune.id, uuid4(), **fields))
    assert error.metadata.keys() == named


async def test_only_admins_speak_for_everybody(dune, gateway, people, override):
    request = OverrideMediaRequest(
        media_item_id=dune.id, changed=["title"], title="Mine", for_everybody=True
    )
    await refused(
        "ADMIN_REQUIRED", gateway.OverrideMedia(request, metadata=people.metadata(uuid4()))
    )
    await refused("MEDIA_ITEM_NOT_FOUND", override(str(uuid4()), uuid4(), title="x"))


async def test_an_override_and_refreshes_at_once(dune, override, ingest, get):
    async def refresh(n):
        await ingest.UpsertMedia(upsert(of(DUNE, title=f"Dune {n}", subtitle=str(n)), refresh=True))

    admin = uuid4()
    for n in range(5):
        await asyncio.gather(
            refresh(2 * n), override(dune.id, admin, admin=True, title=f"O{n}"), refresh(2 * n + 1)
        )
        seen = (await get(dune.id)).item
        assert seen.title == f"O{n}"
        reply = await override(dune.id, admin, admin=True, changed=["title"])
        assert reply.item.title == f"Dune {reply.item.subtitle}"


async def test_whoever_leaves_takes_their_own_along(dune, override, get, database, sql):
    ana, admin = uuid4(), uuid4()
    await override(dune.id, ana, title="My Dune")
    await override(dune.id, admin, admin=True, subtitle="Everybody's")
    async with database.sessions.begin() as session:
        for user_id in (ana, admin):
            await overrides.forget_person(session, user_id)
    assert (await get(dune.id, ana)).item.title == "Dune"
    assert (await get(dune.id)).item.subtitle == "Everybody's"
    assert await sql("select user_id, set_by from catalog.overrides") == [(None, None)]
