"""The audit log: who did what to which account, when and from where. Never a secret."""

from enum import StrEnum
from uuid import UUID

from auth.models import AuditEntry
from auth.origin import Origin


class Action(StrEnum):
    REGISTERED = "registered"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a name
    PASSWORD_REFUSED = "password_refused"  # noqa: S105  a name
    SESSION_REVOKED = "session_revoked"
    ACCOUNT_DELETED = "account_deleted"
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"
    KEYS_ROTATED = "keys_rotated"


def entry(
    action: Action,
    user_id: UUID | None = None,
    origin: Origin | None = None,
    *,
    session_id: UUID | None = None,
    detail: str | None = None,
) -> AuditEntry:
    """Without `user_id`: nobody known. Roles and keys are changed by an operator only."""
    return AuditEntry(
        action=action,
        user_id=user_id,
        session_id=session_id,
        address=origin.address if origin else None,
        detail=detail,
    )
