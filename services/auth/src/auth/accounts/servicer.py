"""AccountService: gRPC in, gRPC out."""

from dataclasses import dataclass
from typing import Any

from auth import passwords
from auth.accounts import service
from auth.accounts.service import Attempt
from auth.errors import EmailAlreadyRegistered, InvalidCredentials, WrongPassword
from auth.keys.ring import KeyRing
from auth.passwords import Passwords
from auth.sessions.service import Lifetimes
from auth.sessions.servicer import origin_of, to_tokens, to_user
from auth.throttle.service import Limits
from common.db import Database
from common.requests import current_caller
from tastebuds.auth.v1 import account_service_pb2 as pb
from tastebuds.auth.v1.account_service_pb2_grpc import AccountServiceServicer


@dataclass(frozen=True, slots=True)
class Policy:
    lifetimes: Lifetimes
    limits: Limits


class AccountServicer(AccountServiceServicer):
    """Hashing happens between two transactions, never inside one."""

    def __init__(
        self, database: Database, ring: KeyRing, hasher: Passwords, policy: Policy
    ) -> None:
        self.database = database
        self.ring = ring
        self.passwords = hasher
        self.policy = policy

    async def Register(
        self,
        request: pb.RegisterRequest,
        context: Any,
    ) -> pb.RegisterResponse:
        email = service.normal_email(request.email)
        display_name = service.normal_display_name(request.display_name)
        passwords.check(request.password)
        origin, limits = origin_of(request.client), self.policy.limits
        signer = await self.ring.signer()
        async with self.passwords.turn():
            async with self.database.sessions.begin() as session:
                is_free = await service.admit_registration(
                    session, email=email, origin=origin, limits=limits
                )
            if not is_free:
                raise EmailAlreadyRegistered
            password_hash = await self.passwords.hash(request.password)
        user = service.new_user(email, password_hash, display_name)
        async with self.database.sessions.begin() as session:
            grant = await service.register(
                session, user=user, origin=origin, lifetimes=self.policy.lifetimes
            )
        return pb.RegisterResponse(user=to_user(grant.person), tokens=to_tokens(grant, signer))

    async def Login(
        self,
        request: pb.LoginRequest,
        context: Any,
    ) -> pb.LoginResponse:
        origin, limits = origin_of(request.client), self.policy.limits
        signer = await self.ring.signer()
        async with self.passwords.turn():
            async with self.database.sessions.begin() as session:
                attempt = await service.begin_login(
                    session, raw_email=request.email, origin=origin, limits=limits
                )
            verdict = await self.passwords.verify(attempt.password_hash, request.password)
            async with self.database.sessions.begin() as session:
                grant = await service.finish_login(
                    session, attempt=attempt, verdict=verdict, lifetimes=self.policy.lifetimes
                )
        if grant is None:
            raise InvalidCredentials
        return pb.LoginResponse(user=to_user(grant.person), tokens=to_tokens(grant, signer))

    async def GetAccount(
        self,
        request: pb.GetAccountRequest,
        context: Any,
    ) -> pb.GetAccountResponse:
        """One statement."""
        async with self.database.readers() as session:
            person = await service.get_account(session, caller=current_caller())
        return pb.GetAccountResponse(user=to_user(person))

    async def UpdateAccount(
        self,
        request: pb.UpdateAccountRequest,
        context: Any,
    ) -> pb.UpdateAccountResponse:
        display_name = service.normal_display_name(request.display_name)
        async with self.database.sessions.begin() as session:
            person = await service.update_account(
                session, caller=current_caller(), display_name=display_name
            )
        return pb.UpdateAccountResponse(user=to_user(person))

    async def ChangePassword(
        self,
        request: pb.ChangePasswordRequest,
        context: Any,
    ) -> pb.ChangePasswordResponse:
        passwords.check(request.new_password)
        async with self.passwords.turn():
            attempt = await self._begin_confirmation(request.client)
            verdict = await self.passwords.verify(attempt.password_hash, request.current_password)
            new_hash = await self.passwords.hash(request.new_password) if verdict.is_right else ""
        async with self.database.sessions.begin() as session:
            is_changed = await service.change_password(
                session,
                attempt=attempt,
                verdict=verdict,
                new_hash=new_hash,
                keep_session_id=current_caller().session_id,
            )
        if not is_changed:
            raise WrongPassword
        return pb.ChangePasswordResponse()

    async def DeleteAccount(
        self,
        request: pb.DeleteAccountRequest,
        context: Any,
    ) -> pb.DeleteAccountResponse:
        async with self.passwords.turn():
            attempt = await self._begin_confirmation(request.client)
            verdict = await self.passwords.verify(attempt.password_hash, request.password)
        async with self.database.sessions.begin() as session:
            is_deleted = await service.delete_account(session, attempt=attempt, verdict=verdict)
        if not is_deleted:
            raise WrongPassword
        return pb.DeleteAccountResponse()

    async def _begin_confirmation(self, client: pb.Client) -> Attempt:
        async with self.database.sessions.begin() as session:
            return await service.begin_confirmation(
                session,
                caller=current_caller(),
                origin=origin_of(client),
                limits=self.policy.limits,
            )
