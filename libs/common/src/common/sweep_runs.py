"""The last run of each sweep, for those who ask whether what is due has happened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, String, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from common.db import Reader, Session, now


class SweepRunRow:
    """Mixin; each service declares `class SweepRun(SweepRunRow, Base)` in its own schema."""

    __tablename__ = "sweep_runs"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # Null while it runs, or when its process died.
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # OK, or what went wrong; empty while it runs.
    result: Mapped[str] = mapped_column(Text)
    # Rows or messages that it dealt with.
    dealt_with: Mapped[int] = mapped_column(BigInteger)


async def note_start(session: Session, table: type[SweepRunRow], name: str) -> None:
    """Over what was known of the run before."""
    fresh = {"started_at": now(), "finished_at": None, "result": "", "dealt_with": 0}
    statement = insert(_rows(table)).values(name=name, **fresh)
    await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=fresh))


async def note_end(
    session: Session, table: type[SweepRunRow], name: str, *, result: str, dealt_with: int
) -> None:
    rows = _rows(table)
    end = {"finished_at": now(), "result": result, "dealt_with": dealt_with}
    await session.execute(update(rows).where(rows.c.name == name).values(end))


async def latest(session: Reader, table: type[SweepRunRow]) -> Mapping[str, Any]:
    """The last run of each sweep that ever ran, by its name: rows with the columns above."""
    return {row.name: row for row in await session.execute(select(_rows(table)))}


def _rows(table: type[SweepRunRow]) -> Any:
    return table.__table__  # type: ignore[attr-defined]
