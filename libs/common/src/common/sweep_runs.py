"""The last run of each sweep, for those who ask whether what is due has happened."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, String, Text
from sqlalchemy.orm import Mapped, mapped_column

OK = "ok"


class SweepRunRow:
    """Mixin; each service declares `class SweepRun(SweepRunRow, Base)` in its own schema."""

    __tablename__ = "sweep_runs"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Null while it runs, or when its process died.
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # OK, or what went wrong.
    result: Mapped[str] = mapped_column(Text)
    # Rows or messages that it dealt with.
    dealt_with: Mapped[int] = mapped_column(BigInteger)
