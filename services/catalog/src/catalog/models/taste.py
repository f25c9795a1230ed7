"""What people seem to like."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base
from common.db import new_id


class TasteProfile(Base):
    """A computed profile; made anew when it is old and something has changed since."""

    __tablename__ = "taste_profiles"
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=new_id)
    profile: Mapped[Any] = mapped_column(JSONB)
    generated_at: Mapped[datetime]
    # When it was last known to be true: generated, or found that nothing had changed.
    checked_at: Mapped[datetime] = mapped_column(index=True)
    # By its person, to the day.
    asked_at: Mapped[datetime]
