"""Deleting what is over, a bounded number of rows at a time."""

from typing import Any

from sqlalchemy import ColumnElement, delete, select, tuple_

from common.db import Session


async def delete_some(
    session: Session, table: type[Any], is_over: ColumnElement[bool], limit: int
) -> int:
    """Delete at most so many rows, not those that someone else has locked; says how many."""
    rows = table.__table__
    key = rows.primary_key.columns
    chosen = select(*key).where(is_over).limit(limit).with_for_update(skip_locked=True)
    # Materialized: as a mere subquery it may be run anew for each row, and each time finds others.
    some = chosen.cte("some").prefix_with("materialized")
    statement = delete(rows).where(tuple_(*key).in_(select(some))).returning(*key)
    return len((await session.execute(statement)).all())
