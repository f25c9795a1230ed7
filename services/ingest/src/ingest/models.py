from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common import db
from common.inbox import InboxRow


class Base(DeclarativeBase):
    metadata = db.schema("ingest")


class Allowance(Base):
    """How many upstream fetches a person has had in the current minute."""

    __tablename__ = "allowances"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used: Mapped[int]


class Inbox(InboxRow, Base):
    pass
