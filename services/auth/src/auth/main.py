"""Wire the service together and run it."""

from collections.abc import Mapping
from functools import partial

from auth.accounts.servicer import AccountServicer, Policy
from auth.keys.ring import KeyRing
from auth.keys.servicer import KeyServicer
from auth.models import Outbox
from auth.passwords import Passwords
from auth.sessions.servicer import SessionServicer
from auth.settings import Settings
from auth.sweeping import service as sweeping
from common import db, http_server, nats_client, ops_http, process, telemetry
from common.access import services_of
from common.db import Database
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.ops_http import Check
from common.outbox import Relay
from common.queues import Queues
from common.sweeping import Sweeper
from tastebuds.auth.v1 import account_service_pb2, key_service_pb2, session_service_pb2
from tastebuds.auth.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from tastebuds.auth.v1.key_service_pb2_grpc import add_KeyServiceServicer_to_server
from tastebuds.auth.v1.session_service_pb2_grpc import add_SessionServiceServicer_to_server

SERVICES = services_of(
    account_service_pb2.DESCRIPTOR, session_service_pb2.DESCRIPTOR, key_service_pb2.DESCRIPTOR
)


def grpc_server(
    settings: Settings, database: Database, ring: KeyRing, passwords: Passwords
) -> GrpcServer:
    policy = Policy(settings.lifetimes, settings.limits)
    accounts = AccountServicer(database, ring, passwords, policy)
    sessions = SessionServicer(database, ring, settings.lifetimes)
    grpc = GrpcServer("auth", SERVICES, TokenVerifier(ring.verification_keys))
    add_AccountServiceServicer_to_server(accounts, grpc.server)
    add_SessionServiceServicer_to_server(sessions, grpc.server)
    add_KeyServiceServicer_to_server(KeyServicer(ring), grpc.server)
    return grpc


async def main() -> None:
    settings = Settings()
    telemetry.configure("auth", settings)
    with Passwords(settings.hashing) as passwords:
        async with (
            db.connect_when_ready(settings) as database,
            nats_client.connect_when_ready("auth", settings) as nats,
        ):
            jetstream = nats.jetstream()
            await nats_client.declare_streams(jetstream, "auth")
            ring = KeyRing(database, settings.key_policy)
            await ring.open()
            grpc = grpc_server(settings, database, ring, passwords)
            checks: Mapping[str, Check] = {
                "postgres": database.ping,
                "nats": partial(nats_client.ping, nats),
            }
            queues = Queues("auth", database, Outbox, jetstream, [])
            ops = ops_http.create_app(checks, queues.report)
            sweep = partial(sweeping.sweep, retention=settings.retention)
            tls, grace = settings.tls_dir, settings.shutdown_seconds
            await process.run_parts(
                partial(grpc.serve, settings.grpc_listen, tls, grace=grace),
                partial(http_server.serve, ops, settings.ops_listen, grace=grace),
                Relay(database, jetstream, Outbox).run,
                Sweeper(database, sweep, settings.retention.every).run,
            )


if __name__ == "__main__":
    process.run(main)
