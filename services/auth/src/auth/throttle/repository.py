"""SQL of the throttle. Rows are always locked in the order of their primary key."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, case, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from auth.models import Throttle
from common.db import Session, now

Key = tuple[str, str]


async def count_attempt(
    session: Session,
    keys: Sequence[Key],
    limits: Mapping[str, int],
    *,
    window: timedelta,
    blocks: tuple[timedelta, timedelta],
) -> int:
    """Count one attempt under each key that is not blocked; returns how many those are.

    From the limit on, each attempt blocks its key for twice as long as the one before, from the
    first to the longest of `blocks`; the next window starts when the block ends.
    """
    first, longest = blocks
    moment = now()
    row = insert(Throttle).values(
        [
            {
                "kind": kind,
                "key": key,
                "failures": 1,
                "window_started_at": moment + first if limits[kind] == 1 else moment,
                "blocked_until": moment + first if limits[kind] == 1 else None,
            }
            for kind, key in sorted(keys)
        ]
    )
    is_over = Throttle.window_started_at + window <= moment
    failures = case((is_over, 1), else_=Throttle.failures + 1)
    beyond: ColumnElement[int] = failures - case(limits, value=Throttle.kind)
    # The exponent is bounded because 2^n of a long siege is no interval any more.
    block = func.least(first * func.power(2, func.least(beyond, 20)), longest)
    counted = row.on_conflict_do_update(
        index_elements=[Throttle.kind, Throttle.key],
        set_={
            "failures": failures,
            "blocked_until": case((beyond >= 0, moment + block)),
            "window_started_at": case(
                (beyond >= 0, moment + block),
                (is_over, moment),
                else_=Throttle.window_started_at,
            ),
        },
        where=Throttle.blocked_until.is_(None) | (Throttle.blocked_until <= moment),
    ).returning(Throttle.kind)
    return len((await session.execute(counted)).all())


async def blocked_seconds(session: Session, keys: Sequence[Key]) -> float:
    """How long until none of the keys is blocked; not positive when none is."""
    until = func.max(Throttle.blocked_until)
    seconds = func.extract("epoch", until - func.clock_timestamp())
    mine = tuple_(Throttle.kind, Throttle.key).in_(keys)
    return float(await session.scalar(select(seconds).where(mine)) or 0)


async def forgive(session: Session, keys: Sequence[Key], cleared_kind: str) -> None:
    """Take back one attempt under each key, and all of them under the key of `cleared_kind`."""
    mine = tuple_(Throttle.kind, Throttle.key).in_(keys)
    locked = (
        select(Throttle.kind, Throttle.key)
        .where(mine)
        .order_by(Throttle.kind, Throttle.key)
        .with_for_update()
    )
    moment = now()
    await session.execute(
        update(Throttle)
        .where(tuple_(Throttle.kind, Throttle.key).in_(locked))
        .values(
            failures=case(
                (Throttle.kind == cleared_kind, 0), else_=func.greatest(Throttle.failures - 1, 0)
            ),
            blocked_until=None,
            window_started_at=func.least(Throttle.window_started_at, moment),
        ),
        execution_options={"synchronize_session": False},
    )
