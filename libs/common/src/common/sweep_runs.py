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
    # Of the last run that ended: before `started_at` while another one runs, or when it died.
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # OK, or what went wrong; empty until the first run has ended.
    result: Mapped[str] = mapped_column(Text)
    # Rows or messages that it dealt with.
    dealt_with: Mapped[int] = mapped_column(BigInteger)


async def note_start(session: Session, table: type[SweepRunRow], name: str) -> None:
    """What the run before came to stays until this one has ended."""
    first = {"name": name, "started_at": now(), "result": "", "dealt_with": 0}
    statement = insert(_rows(table)).values(first)
    again = {"started_at": first["started_at"]}
    await session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=again))


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
