import asyncio

import pytest

from gateway.cache import Cache, FinishedJson

DOCUMENT = '{"title":"A night in Lisbon","note":"\u00e9"}'.encode()
PATH = "/api/public/menus/lisbon"


@pytest.fixture
def lisbon(world, running):
    running.memory.public_menus.drop_all()
    world.documents["lisbon"] = (DOCUMENT, "v1")


async def eventually(check, seconds=3.0):
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


async def test_cold_and_warm_answers_are_the_same(stranger, world, lisbon):
    cold, warm = await stranger.get(PATH), await stranger.get(PATH)
    assert world.calls["GetPublicMenu"] == 1
    assert cold.status_code == warm.status_code == 200
    assert cold.content == warm.content == DOCUMENT
    changing = {"x-request-id", "date"}
    for name in (set(cold.headers) | set(warm.headers)) - changing:
        assert cold.headers[name] == warm.headers[name], name
    assert warm.headers["etag"] == '"v1"'
    assert warm.headers["content-type"] == "application/json"
    assert warm.headers["cache-control"] == "public, max-age=0, s-maxage=30, must-revalidate"
    assert warm.headers["x-content-type-options"] == "nosniff"
    assert cold.headers["x-request-id"] != warm.headers["x-request-id"]


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ('"v1"', 304), ('W/"v1"', 304), ("*", 304), ('"v0", "v1"', 304), ('"v0",W/"v1"', 304),
        ('"v0"', 200), ("v1", 200), ("", 200), ("\u00e9", 200), ('"v1', 200),
    ],
)  # fmt: skip
async def test_what_the_client_has_already(stranger, lisbon, running, warm, tags, status):
    if warm:
        await stranger.get(PATH)
    answer = await stranger.get(PATH, headers={"If-None-Match": tags.encode("latin-1")})
    assert answer.status_code == status
    assert answer.content == (DOCUMENT if status == 200 else b"")
    assert answer.headers["etag"] == '"v1"'


@pytest.mark.parametrize("warm", [False, True])
async def test_head_has_the_headers_alone(stranger, lisbon, warm):
    if warm:
        await stranger.get(PATH)
    answer = await stranger.head(PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(DOCUMENT))


async def test_other_methods_are_refused_on_warm_menus_too(stranger, lisbon):
    await stranger.get(PATH)
    answer = await stranger.delete(PATH)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_a_listed_origin_may_read_a_warm_menu(stranger, lisbon):
    await stranger.get(PATH)
    origin = "https://tastebuds.example.org"
    answer = await stranger.get(PATH, headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    assert "Origin" in (await stranger.get(PATH)).headers["vary"]


async def test_a_given_request_id_comes_back_on_warm_menus(stranger, lisbon):
    await stranger.get(PATH)
    answer = await stranger.get(PATH, headers={"X-Request-Id": "trace-me-12345"})
    assert answer.headers["x-request-id"] == "trace-me-12345"


@pytest.mark.parametrize("event", ["menu_published", "menu_changed", "menu_unpublished"])
async def test_an_event_drops_the_menu(stranger, world, lisbon, events, event):
    await stranger.get(PATH)
    world.documents["lisbon"] = (b"{}", "v2")
    assert (await stranger.get(PATH)).headers["etag"] == '"v1"'
    await getattr(events, event)("lisbon")

    async def is_new():
        return (await stranger.get(PATH)).headers["etag"] == '"v2"'

    await eventually(is_new)


async def test_a_withdrawn_menu_is_gone(stranger, world, lisbon, events):
    await stranger.get(PATH)
    del world.documents["lisbon"]
    await events.menu_unpublished("lisbon")

    async def is_gone():
        return (await stranger.get(PATH)).status_code == 404

    await eventually(is_gone)
    assert (await stranger.get(PATH)).json()["detail"] == "Menu not found"


async def test_an_event_about_another_menu_changes_nothing(stranger, world, lisbon, events):
    world.documents["oslo"] = (b"{}", "o1")
    await stranger.get(PATH)
    await stranger.get("/api/public/menus/oslo")
    await events.menu_changed("oslo")

    async def oslo_was_asked_again():
        await stranger.get("/api/public/menus/oslo")
        return world.calls["GetPublicMenu"] == 3

    await eventually(oslo_was_asked_again)
    await stranger.get(PATH)
    assert world.calls["GetPublicMenu"] == 3


async def test_an_unreadable_event_drops_everything(stranger, world, lisbon, events):
    await stranger.get(PATH)
    await events.unreadable("tastebuds.menus.v1.MenuChanged")

    async def was_asked_again():
        await stranger.get(PATH)
        return world.calls["GetPublicMenu"] == 2

    await eventually(was_asked_again)


async def test_what_was_read_before_an_invalidation_is_not_stored(running, stranger, world, lisbon):
    async def change_meanwhile():
        running.memory.public_menus.drop("lisbon")

    world.before_answer = change_meanwhile
    assert (await stranger.get(PATH)).headers["etag"] == '"v1"'
    world.before_answer = None
    world.documents["lisbon"] = (b"{}", "v2")
    assert (await stranger.get(PATH)).headers["etag"] == '"v2"'
    assert (await stranger.get(PATH)).headers["etag"] == '"v2"'
    assert world.calls["GetPublicMenu"] == 2


async def test_nothing_is_stored_while_events_are_missed(start, world):
    world.documents["lisbon"] = (DOCUMENT, "v1")
    async with start(follows=False) as blind, blind.client() as client:
        await client.get(PATH)
        assert (await client.get(PATH)).status_code == 200
    assert world.calls["GetPublicMenu"] == 2


async def test_the_cache_is_bounded_and_forgets_the_least_used():
    cache = Cache("test", 20_000, lambda: True)

    async def store(key, size=500):
        async def ask():
            return FinishedJson(b"x" * size)

        await cache.read(key, ask)

    for key in "abcdefghij":
        await store(key)
    assert cache.find("a")
    await store("k")
    assert cache.find("a")
    assert not cache.find("b")
    await store("giant", 5000)
    assert not cache.find("giant")
    assert cache.find("k")
    cache.drop_all()
    assert not cache.find("k")


async def test_a_gap_drops_what_was_stored_and_what_is_being_read():
    is_followed = True
    cache = Cache("test", 20_000, lambda: is_followed)

    async def ask():
        cache.drop_all()
        return FinishedJson(b"old")

    assert (await cache.read("a", ask)).body == b"old"
    assert cache.find("a") is None
    is_followed = False

    async def ask_again():
        return FinishedJson(b"new")

    assert (await cache.read("a", ask_again)).body == b"new"
    assert cache.find("a") is None
