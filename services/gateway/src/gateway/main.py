"""Wiring of the gateway: settings, NATS, channels, followers, two HTTP servers."""

import asyncio
from functools import partial

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from common import http_server, nats_client, ops_http, presence, process, telemetry
from common.grpc_client import ping
from common.queue_report import QueueReport
from gateway import clients
from gateway.app import create_app
from gateway.settings import Settings
from gateway.state import Gateway, create_gateway

log = structlog.get_logger()


async def main() -> None:
    settings = Settings()
    telemetry.configure("gateway", settings)
    async with (
        nats_client.connect_when_ready("gateway", settings) as nats,
        clients.connect(settings) as channels,
    ):
        gateway = create_gateway(settings, channels)
        checks: dict[str, ops_http.Check] = {
            "nats": partial(nats_client.ping, nats),
            "auth": partial(ping, channels.auth),
            "catalog": partial(ping, channels.catalog),
            "ingest": partial(ping, channels.ingest),
            "menus": partial(ping, channels.menus),
            "events": gateway.memory.check,
        }
        grace = settings.shutdown_seconds
        await presence.announce(nats, "gateway")
        ops = ops_http.create_app(checks, partial(_queues, nats))
        await process.run_parts(
            lambda stopping: http_server.serve(ops, settings.ops_listen, stopping, grace=grace),
            partial(_serve, settings, gateway),
            gateway.memory.job_news.run,
            *(partial(follower.run, nats.jetstream()) for follower in gateway.memory.followers),
        )


async def _serve(settings: Settings, gateway: Gateway, stopping: asyncio.Event) -> None:
    """Open the public door once it is known which sessions were revoked, or it took too long."""
    if not await gateway.memory.catch_up(settings.catch_up_seconds, stopping):
        log.warning("serving without having caught up", seconds=settings.catch_up_seconds)
    app = create_app(settings, gateway)
    await http_server.serve(app, settings.listen, stopping, grace=settings.shutdown_seconds)


async def _queues(nats: Client) -> QueueReport:
    """In the shape of every service's: the gateway reads events, and nothing waits here."""
    try:
        answers = await presence.gather(nats, "gateway")
    except NatsError as error:
        return QueueReport("gateway", warnings=[f"NATS: {error}"])
    return QueueReport("gateway", replicas=[answer.replica for answer in answers])


if __name__ == "__main__":
    process.run(main)
