from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Index, String, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import db
from common.db import new_id
from common.idempotency import IdempotencyRow
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow


class Base(DeclarativeBase):
    metadata = db.schema("ingest")
    type_annotation_map = {  # noqa: RUF012 read once by SQLAlchemy
        datetime: DateTime(timezone=True),
        str: Text,
        list[str]: ARRAY(Text),
    }


class AllowanceRow:
    """Mixin: how often a person has had something in the current minute."""

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    window_start: Mapped[datetime]
    used: Mapped[int]


class Allowance(AllowanceRow, Base):
    """Of works fetched from upstreams."""

    __tablename__ = "allowances"


class SearchAllowance(AllowanceRow, Base):
    """Of questions put to upstreams."""

    __tablename__ = "search_allowances"


class UpstreamLimit(Base):
    """How a source is and when it may next be asked, the same for all replicas."""

    __tablename__ = "upstream_limits"
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    # The turn of whoever asks next.
    next_at: Mapped[datetime]
    # Grows whenever the circuit opens or closes: what began in another era is old news.
    era: Mapped[int]
    failure_streak: Mapped[int]
    backoff_seconds: Mapped[float]
    # Null while the circuit is closed; past while it is half open.
    open_until: Mapped[datetime | None]
    # While one operation tries whether the source is well again, the others wait for that.
    probe_until: Mapped[datetime | None]
    opened_count: Mapped[int]
    # Whether it asked for the pause itself.
    is_throttled: Mapped[bool] = mapped_column(server_default=text("false"))
    last_error: Mapped[str]


class IngestJob(Base):
    """Works that are brought in while nobody waits for the answer."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_user_id_id", "user_id", "id"),
        Index("ix_jobs_finished_at", "finished_at", postgresql_where="finished_at is not null"),
        Index("ix_jobs_unfinished", "user_id", postgresql_where="finished_at is null"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(16))
    total: Mapped[int]
    # How many of its works are in which state; the rest is queued.
    waiting: Mapped[int]
    done: Mapped[int]
    failed: Mapped[int]
    cancelled: Mapped[int]
    last_error: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class IngestJobItem(Base):
    """One work of a job. Its message carries only its id; a state that is over stays."""

    __tablename__ = "job_items"
    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        Index("ix_job_items_job_id_version", "job_id", "version"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[UUID] = mapped_column(ForeignKey(IngestJob.id, ondelete="CASCADE"))
    position: Mapped[int]
    source: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(2048))
    refresh: Mapped[bool]
    state: Mapped[str] = mapped_column(String(16))
    # Of the message whose turn it is; the waits of an older one are of no interest any more.
    message_id: Mapped[UUID]
    attempts: Mapped[int]
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str]
    media_item_id: Mapped[UUID | None]
    version: Mapped[int]


class Integration(Base):
    """A sender that may post to a person's account; revoking keeps the row for its events."""

    __tablename__ = "integrations"
    __table_args__ = (
        UniqueConstraint("user_id", "sender", "name"),
        Index("ix_integrations_forgotten", "id", postgresql_where="forgotten_at is not null"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID]
    sender: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(64))
    # SHA-256 of the token, which has more entropy than can be guessed; null once revoked.
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    token_prefix: Mapped[str] = mapped_column(String(8))
    # What a matched event does: see ingest.integrations.effects.
    effects: Mapped[dict[str, Any]] = mapped_column(JSONB)
    accounts: Mapped[list[str]]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    # Its person's account is gone: nothing follows from its events, which are being deleted.
    forgotten_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    last_used_address: Mapped[str | None] = mapped_column(String(64))
    connected_at: Mapped[datetime | None]
    last_error: Mapped[str]
    last_error_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """One thing a sender told us, what became of it and why."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        Index("ix_webhook_events_user_id_id", "user_id", "id"),
        # What a list of integrations shows of their events, without a look at the rows.
        Index("ix_webhook_events_latest", "integration_id", "received_at", "state"),
        Index("ix_webhook_events_received_at", "received_at"),
        Index("ix_webhook_events_bodies", "received_at", postgresql_where="body is not null"),
        Index(
            "ix_webhook_events_undecided",
            text("coalesce(next_try_at, received_at)"),
            postgresql_where="state in ('received', 'waiting')",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    integration_id: Mapped[UUID] = mapped_column(ForeignKey(Integration.id, ondelete="CASCADE"))
    user_id: Mapped[UUID]
    # Whose shape the body has: the integration's sender, or which of the *arr apps it is.
    sender: Mapped[str] = mapped_column(String(32))
    # The delivery that this one is a part of, such as one of many listens.
    part_of: Mapped[UUID | None]
    received_at: Mapped[datetime]
    address: Mapped[str | None] = mapped_column(String(64))
    content_type: Mapped[str] = mapped_column(String(255))
    # As it came until it is decided, then without its secrets; null past its retention.
    body: Mapped[bytes | None]
    body_bytes: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    decision: Mapped[str]
    event_name: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(500))
    occurred_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    attempts: Mapped[int]
    next_try_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(500))
    media_item_id: Mapped[UUID | None]
    # When its person said which work it is about; null while only we have told.
    chosen_at: Mapped[datetime | None]
    duplicate_of: Mapped[UUID | None]
    # In words, what was done.
    effects: Mapped[list[str]]
    # [{source, external_id, title, year}], best first.
    suggestions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # See ingest.webhooks.history; oldest first.
    history: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class ContentKey(Base):
    """Which event was the first to say a thing, for as long as a repetition is a duplicate."""

    __tablename__ = "content_keys"
    integration_id: Mapped[UUID] = mapped_column(
        ForeignKey(Integration.id, ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[bytes] = mapped_column(primary_key=True)
    webhook_event_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Resolution(Base):
    """What a foreign id turned out to be at a source, so that it is not asked again and again."""

    __tablename__ = "resolutions"
    scheme: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(255), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(500))
    found_at: Mapped[datetime] = mapped_column(index=True)


class Preview(Base):
    """A work as a source's search told it to one person; exactly that one is saved."""

    __tablename__ = "previews"
    __table_args__ = (Index("ix_previews_user_id_expires_at", "user_id", "expires_at"),)
    # Follows from person, source and external id, which are unique by that: a second constraint
    # would be one that `on conflict` does not heed. See ingest.previews.shown.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    source: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(500))
    # See ingest.previews.documents.
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)
    raw_payload: Mapped[bytes]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # The work that it was saved as.
    media_item_id: Mapped[UUID | None]


class SourceAnswer(Base):
    """What a source answered to a person's question, so that it is not asked again at once."""

    __tablename__ = "source_answers"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    # See ingest.previews.question.
    question: Mapped[bytes] = mapped_column(primary_key=True)
    # In the source's order.
    preview_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Inbox(InboxRow, Base):
    pass


class Outbox(OutboxRow, Base):
    pass


class Idempotency(IdempotencyRow, Base):
    pass


class SweepRun(SweepRunRow, Base):
    pass
