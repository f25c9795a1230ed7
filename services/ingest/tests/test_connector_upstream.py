"""What becomes of an upstream's faults, seen through a whole connector."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest

from ingest.errors import (
    CircuitOpen,
    IncompleteItem,
    NoFreeSlot,
    NotAtSource,
    RequestRejected,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from ingest.limits.health import State

from .upstream_stub import IMPATIENT, Answer, UpstreamStub, connected, serve

FILM = {"id": 603, "title": "Foam"}
PATH = "tmdb/movie/603"


@pytest.fixture
async def stub(database) -> AsyncIterator[UpstreamStub]:
    async with serve(database) as running:
        yield running


async def fetch(stub, **changed):
    async with connected(stub, **changed) as connectors:
        return await connectors.pick("tmdb").fetch("movie:603")


@pytest.mark.parametrize(
    "fault",
    [
        Answer(b"<html>oops</html>", status=500),
        Answer(status=503),
        Answer(status=408),
        Answer(status=429),
        Answer(status=429, headers={"Retry-After": "0.1"}),
        Answer(FILM, after=2),
    ],
)
async def test_passing_faults_are_tried_again(stub, fault):
    stub.plan(PATH, fault, fault, FILM)
    assert (await fetch(stub)).title == "Foam"
    assert len(stub.asked) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Answer(status=502), UpstreamUnavailable),
        (Answer(status=429), UpstreamThrottled),
        (Answer(after=2), UpstreamUnavailable),
    ],
)
async def test_a_fault_that_stays_is_told_after_three_tries(stub, fault, error):
    stub.plan(PATH, fault)
    with pytest.raises(error):
        await fetch(stub)
    assert len(stub.asked) == 3


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Answer(status=404), NotAtSource),
        (Answer(status=400), RequestRejected),
        (Answer(status=422), RequestRejected),
        (Answer(status=401), UpstreamRefused),
        (Answer(status=403), UpstreamRefused),
        (Answer(b"\x00not json{{"), UpstreamGarbage),
        (Answer(b""), UpstreamGarbage),
        (Answer([FILM]), UpstreamGarbage),
        (Answer({"id": 603}), IncompleteItem),
        (Answer({"title": "Foam"}), IncompleteItem),
        (Answer(FILM | {"overview": "x" * 100_001}), UpstreamGarbage),
        (Answer(b"x", headers={"Content-Encoding": "gzip"}), UpstreamGarbage),
        (Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}), UpstreamGarbage),
    ],
)
async def test_lasting_faults_are_asked_for_once(stub, fault, error):
    stub.plan(PATH, fault)
    with pytest.raises(error):
        await fetch(stub)
    assert len(stub.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_long_retry_after_is_passed_on_and_respected(stub, status):
    stub.plan(PATH, Answer(status=status, headers={"Retry-After": "120"}))
    async with connected(stub) as connectors:
        with pytest.raises(UpstreamThrottled) as throttled:
            await connectors.pick("tmdb").fetch("movie:603")
        with pytest.raises(CircuitOpen) as refusal:
            await connectors.pick("tmdb").search("foam", 1)
    assert throttled.value.retry_after == 120
    assert 110 < (refusal.value.retry_after or 0) <= 120
    assert len(stub.asked) == 1


async def test_a_retry_after_may_be_a_date(stub):
    stub.plan(PATH, Answer(status=429, headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}))
    with pytest.raises(UpstreamThrottled) as throttled:
        await fetch(stub)
    assert (throttled.value.retry_after or 0) > 10**8


async def test_nobody_there(stub):
    with pytest.raises(UpstreamUnavailable, match="ConnectError"):
        await fetch(stub, tmdb_url="http://127.0.0.1:1")


async def test_an_answer_that_drips_is_cut_off(stub):
    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.05)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    began = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="no answer in time"):
        await fetch(
            stub, tmdb_url=f"http://127.0.0.1:{port}", patience=replace(IMPATIENT, retries=0)
        )
    assert time.monotonic() - began < 2
    server.close()


async def test_missing_items_never_open_the_circuit(stub):
    async with connected(stub) as connectors:
        for _ in range(5):
            with pytest.raises(NotAtSource):
                await connectors.pick("tmdb").fetch("603")
        assert (await connectors.circuits())["tmdb"].state is State.CLOSED


async def test_an_upstream_that_is_down_is_left_alone(stub):
    stub.plan(PATH, Answer(status=500))
    async with connected(stub, patience=replace(IMPATIENT, retries=0)) as connectors:
        for _ in range(3):
            with pytest.raises(UpstreamUnavailable):
                await connectors.pick("tmdb").fetch("movie:603")
        with pytest.raises(CircuitOpen):
            await connectors.pick("tmdb").fetch("movie:603")
        assert (await connectors.circuits())["igdb"].state is State.CLOSED
    assert len(stub.asked) == 3


async def test_requests_are_spaced_and_waiting_for_a_turn_ends(stub):
    stub.plan("lastfm", {"results": {}})
    async with connected(stub, patience=replace(IMPATIENT, search_slot=0.5)) as connectors:
        began = time.monotonic()
        searches = [connectors.pick("lastfm").search("foam", 1) for _ in range(5)]
        outcomes = await asyncio.gather(*searches, return_exceptions=True)
        assert 0.35 < time.monotonic() - began < 1.5
        assert (await connectors.circuits())["lastfm"].failure_streak == 0
    served = [each for each in outcomes if each == []]
    assert 2 <= len(served) <= 3
    assert all(isinstance(each, NoFreeSlot) for each in outcomes if each != [])


async def test_no_key_in_messages_logs_or_addresses_that_can_do_without(stub, caplog):
    caplog.set_level(logging.DEBUG, logger="httpx")
    keys = ("books-key", "tmdb.v4.token", "igdb-secret", "lastfm-key", "app-token")
    named = ("google_books/volumes", "tmdb/search/multi", "igdb/games", "lastfm")
    for path in (*named, "open_library/search.json", "musicbrainz/recording"):
        stub.plan(path, Answer(status=403))
    told = []
    async with connected(stub) as connectors:
        for connector in connectors.on.values():
            with pytest.raises(UpstreamRefused, match="check INGEST_") as refusal:
                await connector.search("foam", 1)
            told.append(repr(refusal.value) + str(refusal.value.metadata))
    addresses = [str(each.query) for each in stub.asked if each.path != "/lastfm"]
    for key in keys:
        assert key not in "".join((*told, *addresses, caplog.text))
    assert {each.headers["User-Agent"] for each in stub.asked} == {"Tastebuds/test"}


async def test_nul_is_taken_out_of_what_will_be_stored(stub):
    stub.plan(
        PATH, Answer(b'{"id": 603, "title": "Fo\\u0000am", "tagline": "a\\\\u0000b\\\\\\u0000"}')
    )
    draft = await fetch(stub)
    assert (draft.title, draft.subtitle) == ("Foam", "a\\u0000b\\")
    assert draft.raw_payload == b'{"id": 603, "title": "Foam", "tagline": "a\\\\u0000b\\\\"}'


async def test_text_cut_inside_a_character_is_no_garbage(stub):
    body = rb'{"id": 603, "title": "Foam \ud83c", "tagline": "\udf0a \uD83C\uDF0A \\ud83c"}'
    stub.plan(PATH, Answer(body))
    draft = await fetch(stub)
    assert (draft.title, draft.subtitle) == ("Foam \ufffd", "\ufffd \U0001f30a \\ud83c")
    assert orjson.loads(draft.raw_payload)["title"] == draft.title
