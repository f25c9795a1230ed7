"""A replica of auth as the tests call it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import grpc
import jwt
import pytest

from auth.accounts.servicer import AccountServicer, Policy
from auth.keys.ring import KeyPolicy, KeyRing
from auth.keys.servicer import KeyServicer
from auth.main import SERVICES
from auth.passwords import Hashing, Passwords
from auth.sessions.service import Lifetimes
from auth.sessions.servicer import SessionServicer
from auth.throttle.service import Limits
from common.grpc_client import create_channel
from common.grpc_errors import from_rpc_error
from common.grpc_server import GrpcServer
from common.identity import TokenVerifier
from tastebuds.auth.v1 import account_service_pb2 as pb
from tastebuds.auth.v1 import session_service_pb2 as session_pb
from tastebuds.auth.v1.account_service_pb2_grpc import (
    AccountServiceStub,
    add_AccountServiceServicer_to_server,
)
from tastebuds.auth.v1.key_service_pb2_grpc import KeyServiceStub, add_KeyServiceServicer_to_server
from tastebuds.auth.v1.session_service_pb2_grpc import (
    SessionServiceStub,
    add_SessionServiceServicer_to_server,
)

CHEAP = Hashing(passes=1, memory_kib=64, lanes=1, workers=1, queue=64, niceness=10)
LIFETIMES = Lifetimes(
    access_token=timedelta(minutes=30),
    refresh_token=timedelta(days=7),
    session=timedelta(days=90),
    grace=timedelta(seconds=10),
)
LIMITS = Limits(
    account=5,
    address=30,
    registration=100,
    window=timedelta(minutes=15),
    first_block=timedelta(seconds=30),
    longest_block=timedelta(minutes=15),
)
KEY_PASSWORD = b"only for tests"
PASSWORD = "correct horse battery"
TIMEOUT = 20
HOME = pb.Client(address="203.0.113.7", user_agent="Firefox")

numbers = itertools.count(1)


@dataclass(frozen=True)
class Member:
    """Someone who has signed in."""

    user_id: UUID
    email: str
    tokens: pb.Tokens

    @property
    def session_id(self) -> str:
        return claims_of(self.tokens.access_token)["sid"]

    @property
    def metadata(self):
        return (("authorization", f"Bearer {self.tokens.access_token}"),)


class Auth:
    """One replica and its callers."""

    def __init__(self, port, certificates, ring, passwords):
        self.port, self.certificates, self.ring, self.passwords = (
            port,
            certificates,
            ring,
            passwords,
        )
        self.channels = []
        channel = self.connect("gateway")
        self.accounts = AccountServiceStub(channel)
        self.sessions = SessionServiceStub(channel)
        self.keys = KeyServiceStub(channel)

    def connect(self, caller: str) -> grpc.aio.Channel:
        target = f"ipv4:127.0.0.1:{self.port}"
        self.channels.append(create_channel("auth", target, self.certificates / caller, SERVICES))
        return self.channels[-1]

    async def register(self, email=None, password=PASSWORD, client=HOME, **more) -> Member:
        email = email or f"person{next(numbers)}@example.org"
        request = pb.RegisterRequest(email=email, password=password, client=client, **more)
        reply = await self.accounts.Register(request, timeout=TIMEOUT)
        return Member(UUID(reply.user.id), reply.user.email, reply.tokens)

    async def login(self, email, password=PASSWORD, client=HOME) -> Member:
        request = pb.LoginRequest(email=email, password=password, client=client)
        reply = await self.accounts.Login(request, timeout=TIMEOUT)
        return Member(UUID(reply.user.id), reply.user.email, reply.tokens)

    async def refresh(self, token, client=HOME) -> Member:
        request = session_pb.RefreshRequest(refresh_token=token, client=client)
        reply = await self.sessions.Refresh(request, timeout=TIMEOUT)
        return Member(UUID(reply.user.id), reply.user.email, reply.tokens)

    async def account(self, member):
        request = pb.GetAccountRequest()
        reply = await self.accounts.GetAccount(request, metadata=member.metadata, timeout=TIMEOUT)
        return reply.user

    async def listed(self, member, **request):
        reply = await self.sessions.ListSessions(
            session_pb.ListSessionsRequest(**request), metadata=member.metadata, timeout=TIMEOUT
        )
        return reply.sessions


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


@asynccontextmanager
async def refused(reason):
    """The block's RPC is refused for this reason; yields a list that then holds the error."""
    found = []
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        yield found
    error = from_rpc_error(raised.value)
    assert error is not None, raised.value
    assert error.reason == reason
    found.append(error)


@asynccontextmanager
async def start(
    database, certificates, *, limits=LIMITS, lifetimes=LIFETIMES, hashing=CHEAP, key_seconds=3600
) -> AsyncIterator[Auth]:
    ring = KeyRing(database, KeyPolicy(KEY_PASSWORD, lifetimes.access_token, key_seconds))
    await ring.open()
    server = GrpcServer("auth", SERVICES, TokenVerifier(ring.verification_keys))
    with Passwords(hashing) as passwords:
        accounts = AccountServicer(database, ring, passwords, Policy(lifetimes, limits))
        sessions = SessionServicer(database, ring, lifetimes)
        add_AccountServiceServicer_to_server(accounts, server.server)
        add_SessionServiceServicer_to_server(sessions, server.server)
        add_KeyServiceServicer_to_server(KeyServicer(ring), server.server)
        port = await server.start("127.0.0.1:0", certificates / "auth")
        auth = Auth(port, certificates, ring, passwords)
        try:
            yield auth
        finally:
            for channel in auth.channels:
                await channel.close()
            await server.server.stop(None)
