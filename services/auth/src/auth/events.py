"""Events that auth publishes."""

from datetime import datetime
from uuid import UUID

from auth.models import Outbox
from common.timestamps import timestamp
from tastebuds.auth.v1.account_events_pb2 import UserChanged, UserDeleted, UserRegistered
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked


def user_registered(user_id: UUID, at: datetime) -> Outbox:
    return Outbox.of(UserRegistered(user_id=str(user_id), registered_at=timestamp(at)))


def user_changed(user_id: UUID) -> Outbox:
    return Outbox.of(UserChanged(user_id=str(user_id)))


def user_deleted(user_id: UUID, at: datetime) -> Outbox:
    return Outbox.of(UserDeleted(user_id=str(user_id), deleted_at=timestamp(at)))


def session_revoked(session_id: UUID, user_id: UUID, at: datetime) -> Outbox:
    return Outbox.of(
        SessionRevoked(session_id=str(session_id), user_id=str(user_id), revoked_at=timestamp(at))
    )
