"""SessionService: gRPC in, gRPC out."""

from typing import Any
from uuid import UUID

from auth.errors import InvalidRefreshToken
from auth.keys.ring import KeyRing
from auth.origin import Origin
from auth.sessions import service
from auth.sessions.service import Filters, Grant, Lifetimes, Person, Reason, SessionView
from auth.tokens import Signer
from common.db import Database, now
from common.requests import current_caller, parse_id
from common.timestamps import timestamp
from tastebuds.auth.v1 import session_service_pb2 as pb
from tastebuds.auth.v1.account_service_pb2 import Client, Tokens
from tastebuds.auth.v1.session_service_pb2_grpc import SessionServiceServicer
from tastebuds.auth.v1.user_pb2 import User


class SessionServicer(SessionServiceServicer):
    def __init__(self, database: Database, ring: KeyRing, lifetimes: Lifetimes) -> None:
        self.database = database
        self.ring = ring
        self.lifetimes = lifetimes

    async def Refresh(
        self,
        request: pb.RefreshRequest,
        context: Any,
    ) -> pb.RefreshResponse:
        """Two statements."""
        signer = await self.ring.signer()
        async with self.database.sessions.begin() as session:
            grant = await service.refresh(
                session,
                refresh_token=request.refresh_token,
                origin=origin_of(request.client),
                lifetimes=self.lifetimes,
            )
        if grant is None:
            raise InvalidRefreshToken
        return pb.RefreshResponse(user=to_user(grant.person), tokens=to_tokens(grant, signer))

    async def Logout(
        self,
        request: pb.LogoutRequest,
        context: Any,
    ) -> pb.LogoutResponse:
        if request.refresh_token:
            async with self.database.sessions.begin() as session:
                await service.log_out(
                    session,
                    refresh_token=request.refresh_token,
                    origin=origin_of(request.client),
                )
        return pb.LogoutResponse()

    async def ListSessions(
        self,
        request: pb.ListSessionsRequest,
        context: Any,
    ) -> pb.ListSessionsResponse:
        """One statement."""
        caller = current_caller()
        before = parse_id("page_token", request.page_token) if request.page_token else None
        async with self.database.readers() as session:
            views, last = await service.list_sessions(
                session,
                user_id=caller.user_id,
                filters=Filters(request.include_expired, request.include_revoked),
                before=before,
                page_size=request.page_size,
            )
        return pb.ListSessionsResponse(
            sessions=[to_session(view, caller.session_id) for view in views],
            next_page_token=str(last) if last else "",
        )

    async def RevokeSession(
        self,
        request: pb.RevokeSessionRequest,
        context: Any,
    ) -> pb.RevokeSessionResponse:
        async with self.database.sessions.begin() as session:
            await service.revoke_one(
                session,
                user_id=current_caller().user_id,
                session_id=parse_id("session_id", request.session_id),
                origin=origin_of(request.client),
            )
        return pb.RevokeSessionResponse()

    async def RevokeAllSessions(
        self,
        request: pb.RevokeAllSessionsRequest,
        context: Any,
    ) -> pb.RevokeAllSessionsResponse:
        caller = current_caller()
        async with self.database.sessions.begin() as session:
            revoked = await service.revoke_all(
                session,
                user_id=caller.user_id,
                reason=Reason.USER_REVOKED,
                origin=origin_of(request.client),
                except_id=caller.session_id if request.keep_current else None,
            )
        return pb.RevokeAllSessionsResponse(revoked_count=revoked)


def origin_of(client: Client) -> Origin:
    return Origin.parse(client.address, client.user_agent)


def to_user(person: Person) -> User:
    return User(
        id=str(person.id),
        email=person.email,
        display_name=person.display_name,
        created_at=timestamp(person.created_at),
        roles=person.roles,
    )


def to_tokens(grant: Grant, signer: Signer) -> Tokens:
    access_token = signer.access_token(
        grant.person.id,
        grant.session_id,
        grant.person.roles,
        issued_at=grant.issued_at,
        expires_at=grant.access_expires_at,
    )
    return Tokens(
        access_token=access_token,
        refresh_token=grant.refresh_token,
        access_expires_at=timestamp(grant.access_expires_at),
        refresh_expires_at=timestamp(grant.refresh_expires_at),
    )


def to_session(view: SessionView, current_id: UUID) -> pb.Session:
    return pb.Session(
        id=str(view.id),
        created_at=timestamp(view.created_at),
        last_used_at=timestamp(view.last_used_at),
        expires_at=timestamp(view.expires_at),
        revoked_at=timestamp(view.revoked_at) if view.revoked_at else None,
        revoked_reason=view.revoked_reason or "",
        is_active=view.revoked_at is None and view.expires_at > now(),
        is_current=view.id == current_id,
        client=Client(address=view.address or "", user_agent=view.user_agent or ""),
    )
