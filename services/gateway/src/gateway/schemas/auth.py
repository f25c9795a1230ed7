"""Accounts and sessions as the public API shows them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from gateway.schemas.fields import Cursor, Email, Limit, Name, NewPassword, Password, Schema, Token
from gateway.schemas.wire import moment, present, present_moment
from tastebuds.auth.v1 import session_service_pb2, user_pb2
from tastebuds.auth.v1.account_service_pb2 import Tokens


class User(Schema):
    id: str
    email: str
    display_name: str | None
    created_at: datetime

    @classmethod
    def of(cls, user: user_pb2.User) -> Self:
        return cls(
            id=user.id,
            email=user.email,
            display_name=present(user, "display_name"),
            created_at=moment(user.created_at),
        )


class SignedInUser(Schema):
    access_token: str
    """JWT, good for 30 minutes; also set as a cookie."""
    refresh_token: str
    """Good for one use; also set as a cookie."""
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind, no secret
    user: User

    @classmethod
    def of(cls, user: user_pb2.User, tokens: Tokens) -> Self:
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            user=User.of(user),
        )


class Registration(Schema):
    email: Email
    password: NewPassword
    display_name: Name | None = None


class Login(Schema):
    email: Email
    password: Password


class Refresh(Schema):
    refresh_token: Token | None = None
    """Wins over the cookie."""


class PasswordChange(Schema):
    current_password: Password
    new_password: NewPassword


class AccountDeletion(Schema):
    password: Password
    """Asked again because there is no way back."""


class AccountChange(Schema):
    display_name: Name | None = None
    """Null clears it."""


class RevokeAll(Schema):
    keep_current: bool = False


class WantedSessions(Schema):
    include_expired: bool = False
    include_revoked: bool = False
    limit: Limit = 50
    cursor: Cursor = ""


class Session(Schema):
    id: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    revoked_reason: Annotated[str | None, Field(examples=["user_revoked"])]
    replaced_by_token_id: Annotated[
        str | None, Field(description="Kept for older clients; always null.")
    ] = None
    is_active: bool
    is_current: bool
    """The session of the access token that asked."""
    address: str | None
    user_agent: str | None

    @classmethod
    def of(cls, session: session_service_pb2.Session) -> Self:
        return cls(
            id=session.id,
            created_at=moment(session.created_at),
            last_used_at=present_moment(session, "last_used_at"),
            expires_at=moment(session.expires_at),
            revoked_at=present_moment(session, "revoked_at"),
            revoked_reason=session.revoked_reason or None,
            is_active=session.is_active,
            is_current=session.is_current,
            address=session.client.address or None,
            user_agent=session.client.user_agent or None,
        )


class KeySet(Schema):
    keys: list["PublicKey"]


class PublicKey(Schema):
    """An Ed25519 public key, RFC 8037."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"
    kid: str
    x: str
    """32 bytes, base64url without padding."""
