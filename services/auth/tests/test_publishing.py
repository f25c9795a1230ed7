import asyncio
from datetime import timedelta

from auth.models import Outbox
from common.following import Follower
from common.nats_client import declare_streams
from common.outbox import Relay
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked
from tastebuds.auth.v1.session_service_pb2 import LogoutRequest

from .replica import TIMEOUT


async def test_a_revoked_session_is_told_to_the_gateways(auth, database, connect_nats):
    """With the NATS permissions that each of the two really has."""
    async with connect_nats("auth") as client, connect_nats("gateway") as gateway:
        jetstream = client.jetstream()
        await declare_streams(jetstream, "auth")
        heard = asyncio.Queue()
        follower = Follower(
            "AUTH",
            [SessionRevoked.DESCRIPTOR.full_name],
            lookback=timedelta(0),
            on_message=heard.put_nowait,
            on_gap=lambda: None,
        )
        stopping = asyncio.Event()
        parts = [
            asyncio.create_task(Relay(database, jetstream, Outbox).run(stopping)),
            asyncio.create_task(follower.run(gateway.jetstream(), stopping)),
        ]
        await asyncio.wait_for(follower.caught_up.wait(), 10)
        member = await auth.register()
        token = member.tokens.refresh_token
        await auth.sessions.Logout(LogoutRequest(refresh_token=token), timeout=TIMEOUT)
        message = await asyncio.wait_for(heard.get(), 10)
        assert SessionRevoked.FromString(message.data).session_id == member.session_id
        assert (await jetstream.stream_info("AUTH")).state.messages >= 2
        stopping.set()
        await asyncio.wait_for(asyncio.gather(*parts), 10)
