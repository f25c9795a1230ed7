"""What every service keeps: messages out and in, keys of writes, and runs of sweeps."""

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base
from common.idempotency import IdempotencyRow
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow


class Outbox(OutboxRow, Base):
    pass


class Inbox(InboxRow, Base):
    pass


class Idempotency(IdempotencyRow, Base):
    pass


class SweepRun(SweepRunRow, Base):
    pass


class SweepMark(Base):
    """How far a sweep that goes through all works has come; null: it is to begin anew."""

    __tablename__ = "sweep_marks"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    after_id: Mapped[UUID | None]
