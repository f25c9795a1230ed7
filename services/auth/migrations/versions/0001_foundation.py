"""Accounts, sessions, keys, throttle, audit log, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from common import outbox_trigger

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_accounts()
    create_sessions()
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("private_key", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("retired_at", TIME),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
        schema="auth",
    )
    # Whoever rotates keys retires the old one first, also when two do it at once.
    op.create_index(
        "uq_signing_keys_signing",
        "signing_keys",
        [sa.text("(retired_at IS NULL)")],
        unique=True,
        schema="auth",
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "login_throttle",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_started_at", TIME, nullable=False),
        sa.Column("blocked_until", TIME),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_login_throttle"),
        schema="auth",
    )
    op.create_index(
        "ix_login_throttle_window_started_at",
        "login_throttle",
        ["window_started_at"],
        schema="auth",
    )
    create_logs()
    for statement in outbox_trigger.create("auth"):
        op.execute(statement)


def create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("display_name", sa.String(255)),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("password_version", sa.Integer(), nullable=False),
        sa.Column(
            "roles", postgresql.ARRAY(sa.String()), nullable=False, server_default=sa.text("'{}'")
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        schema="auth",
    )


def create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("current_token_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
        sa.Column("revoked_reason", sa.String(32)),
        sa.Column("address", sa.String(45)),
        sa.Column("user_agent", sa.String(400)),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["auth.users.id"], name="fk_sessions_user_id", ondelete="CASCADE"
        ),
        schema="auth",
    )
    op.create_index("ix_sessions_user_id_id", "sessions", ["user_id", "id"], schema="auth")
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"], schema="auth")
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("rotated_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_refresh_tokens_token_hash"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth.sessions.id"],
            name="fk_refresh_tokens_session_id",
            ondelete="CASCADE",
        ),
        schema="auth",
    )
    for column in ("session_id", "expires_at"):
        op.create_index(f"ix_refresh_tokens_{column}", "refresh_tokens", [column], schema="auth")


def create_logs() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("address", sa.String(45)),
        sa.Column("detail", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        schema="auth",
    )
    op.create_index("ix_audit_log_user_id_id", "audit_log", ["user_id", "id"], schema="auth")
    op.create_index("ix_audit_log_created_at", "audit_log", ["created_at"], schema="auth")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        schema="auth",
    )


def downgrade() -> None:
    for statement in outbox_trigger.drop("auth"):
        op.execute(statement)
    for table in (
        "outbox",
        "audit_log",
        "login_throttle",
        "signing_keys",
        "refresh_tokens",
        "sessions",
        "users",
    ):
        op.drop_table(table, schema="auth")
