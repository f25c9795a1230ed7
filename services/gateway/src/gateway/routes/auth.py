"""Accounts and sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common.requests import onward
from gateway import auth, cookies
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.schemas.auth import (
    AccountDeletion,
    Login,
    PasswordChange,
    Refresh,
    Registration,
    RevokeAll,
    Session,
    SignedInUser,
    WantedSessions,
)
from tastebuds.auth.v1 import account_service_pb2 as accounts
from tastebuds.auth.v1 import session_service_pb2 as sessions

router = APIRouter(prefix="/api/auth", tags=["auth"])
SIGNED_IN = [Depends(auth.signed_in)]
# Passwords are hashed one after the other: in a storm of sign-ins one waits for one's turn.
HASHING_SECONDS = 15


@router.post(
    "/register",
    summary="Create an account and sign in",
    responses=problems({400: "Email already registered", 429: "Too many registrations"}),
)
async def register(
    body: Registration, request: Request, response: Response, api: Api
) -> SignedInUser:
    """Sets both session cookies."""
    reply = await api.accounts.Register(
        accounts.RegisterRequest(
            email=body.email,
            password=body.password,
            display_name=body.display_name,
            client=auth.client(request),
        ),
        **onward(HASHING_SECONDS),
    )
    cookies.keep(request, response, reply.tokens)
    return SignedInUser.of(reply.user, reply.tokens)


@router.post(
    "/login",
    summary="Sign in",
    responses=problems({401: "Invalid credentials", 429: "Too many attempts"}),
)
async def login(body: Login, request: Request, response: Response, api: Api) -> SignedInUser:
    """Sets both session cookies."""
    reply = await api.accounts.Login(
        accounts.LoginRequest(
            email=body.email, password=body.password, client=auth.client(request)
        ),
        **onward(HASHING_SECONDS),
    )
    cookies.keep(request, response, reply.tokens)
    return SignedInUser.of(reply.user, reply.tokens)


@router.post(
    "/refresh",
    summary="Trade a refresh token for new tokens",
    responses=problems({401: "Invalid or expired refresh token", 403: "Another site's request"}),
)
async def refresh(
    request: Request, response: Response, api: Api, body: Refresh | None = None
) -> SignedInUser:
    """Takes the token from the body or else from the cookie, and sets both cookies anew."""
    token = auth.refresh_token(request, body.refresh_token if body else None)
    cookies.drop_when_refused(request, 401)
    reply = await api.sessions.Refresh(
        sessions.RefreshRequest(refresh_token=token, client=auth.client(request)), **onward()
    )
    cookies.keep(request, response, reply.tokens)
    return SignedInUser.of(reply.user, reply.tokens)


@router.post(
    "/logout",
    status_code=204,
    summary="Sign out",
    responses=problems({403: "Another site's request"}),
)
async def logout(request: Request, response: Response, api: Api) -> None:
    """Revokes the session of the refresh cookie or else of the access token."""
    auth.refuse_other_sites(request)
    cookies.drop_when_refused(request, 503)
    token, client = request.cookies.get(cookies.REFRESH), auth.client(request)
    if token:
        await api.sessions.Logout(
            sessions.LogoutRequest(refresh_token=token, client=client), **onward()
        )
    elif caller := await auth.recognise(request):
        await api.sessions.RevokeSession(
            sessions.RevokeSessionRequest(session_id=str(caller.session_id), client=client),
            **onward(),
        )
    cookies.drop(request, response)


@router.get("/sessions", summary="List your sessions", dependencies=SIGNED_IN)
async def list_sessions(
    request: Request,
    response: Response,
    api: Api,
    wanted: Annotated[WantedSessions, Query()],
) -> list[Session]:
    """Newest first."""
    reply = await api.sessions.ListSessions(
        sessions.ListSessionsRequest(
            include_expired=wanted.include_expired,
            include_revoked=wanted.include_revoked,
            page_size=wanted.limit,
            page_token=wanted.cursor,
        ),
        **onward(),
    )
    offer_next(request, response, reply.next_page_token)
    return [Session.of(session) for session in reply.sessions]


@router.post(
    "/sessions/{session_id}/revoke",
    status_code=204,
    summary="Revoke one of your sessions",
    dependencies=SIGNED_IN,
    responses=problems({404: "Session not found"}),
)
async def revoke_session(session_id: UUID, request: Request, api: Api) -> None:
    """Its access tokens are refused within a second."""
    await api.sessions.RevokeSession(
        sessions.RevokeSessionRequest(session_id=str(session_id), client=auth.client(request)),
        **onward(),
    )


@router.post(
    "/sessions/revoke-all",
    status_code=204,
    summary="Revoke all your sessions",
    dependencies=SIGNED_IN,
)
async def revoke_all_sessions(request: Request, api: Api, body: RevokeAll | None = None) -> None:
    """The current one included, unless it is to be kept."""
    keep_current = body.keep_current if body else False
    await api.sessions.RevokeAllSessions(
        sessions.RevokeAllSessionsRequest(keep_current=keep_current, client=auth.client(request)),
        **onward(),
    )


@router.post(
    "/password",
    status_code=204,
    summary="Change your password",
    dependencies=SIGNED_IN,
    responses=problems({429: "Too many attempts"}),
)
async def change_password(body: PasswordChange, request: Request, api: Api) -> None:
    """Revokes every other session."""
    await api.accounts.ChangePassword(
        accounts.ChangePasswordRequest(
            current_password=body.current_password,
            new_password=body.new_password,
            client=auth.client(request),
        ),
        **onward(HASHING_SECONDS),
    )


@router.delete(
    "/account",
    status_code=204,
    summary="Delete your account",
    dependencies=SIGNED_IN,
    responses=problems({429: "Too many attempts"}),
)
async def delete_account(
    body: AccountDeletion, request: Request, response: Response, api: Api
) -> None:
    """Deletes everything you made here; there is no way back."""
    await api.accounts.DeleteAccount(
        accounts.DeleteAccountRequest(password=body.password, client=auth.client(request)),
        **onward(HASHING_SECONDS),
    )
    cookies.drop(request, response)
