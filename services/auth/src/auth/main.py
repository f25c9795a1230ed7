"""Wire the service together and run it."""

from auth.accounts.servicer import AccountServicer, Policy
from auth.keys.ring import KeyRing
from auth.keys.servicer import KeyServicer
from auth.models import Outbox, SweepRun
from auth.passwords import Passwords
from auth.sessions.servicer import SessionServicer
from auth.settings import Settings
from auth.sweeps import sweeps
from common import data_service, process
from common.access import services_of
from common.data_service import Duties
from common.db import Database
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from common.tables import Tables
from tastebuds.auth.v1 import account_service_pb2, key_service_pb2, session_service_pb2
from tastebuds.auth.v1.account_service_pb2_grpc import add_AccountServiceServicer_to_server
from tastebuds.auth.v1.key_service_pb2_grpc import add_KeyServiceServicer_to_server
from tastebuds.auth.v1.session_service_pb2_grpc import add_SessionServiceServicer_to_server
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(
    account_service_pb2.DESCRIPTOR,
    session_service_pb2.DESCRIPTOR,
    key_service_pb2.DESCRIPTOR,
    ops_service_pb2.DESCRIPTOR,
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
    async with data_service.connect("auth", settings) as service:
        with Passwords(settings.hashing) as passwords:
            ring = KeyRing(service.database, settings.key_policy)
            await ring.open()
            grpc = grpc_server(settings, service.database, ring, passwords)
            duties = Duties(Tables(Outbox, SweepRun), sweeps=sweeps(settings.retention))
            await service.run(grpc, duties)


if __name__ == "__main__":
    process.run(main)
