"""Every service declares the streams it needs, also where an older version declared them."""

from nats.js.api import StreamConfig

from common import nats_client


async def test_streams_of_an_older_version_are_changed_and_keep_their_messages(
    connect_nats, empty_nats
):
    await empty_nats()
    async with connect_nats("menus") as client:
        jetstream = client.jetstream()
        await jetstream.add_stream(StreamConfig(name="DLQ", subjects=["dlq.>"], max_age=3600))
        await jetstream.publish("dlq.menus.waiting.menus", b"kept")
        await nats_client.declare_streams(jetstream, "menus")
        dead = await jetstream.stream_info("DLQ")
        assert dead.config.max_age == 0
        assert dead.state.messages == 1


async def test_declaring_twice_is_like_once(connect_nats, empty_nats):
    await empty_nats()
    for service in ("menus", "ingest", "menus"):
        async with connect_nats(service) as client:
            await nats_client.declare_streams(client.jetstream(), service)
    async with connect_nats("admin") as admin:
        streams = await admin.jetstream().streams_info()
    assert {stream.config.name for stream in streams} == {"MENUS", "INGEST", "JOBS", "DLQ"}
