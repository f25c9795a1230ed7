"""SQL of what replicas share about a source: one short statement each, by the database's clock."""

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    Double,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy import SQLColumnExpression as Expression
from sqlalchemy.dialects.postgresql import insert

from common.db import Reader
from ingest.limits.health import Admission, Failure, Health
from ingest.limits.rules import (
    FAILURES_TO_OPEN,
    FIRST_BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    PROBE_SECONDS,
)
from ingest.models import UpstreamLimit as Limit

# The clock is read when the row is ours, not when the wait for it began. A turn that a crash of the
# server forgets does no harm.
TAKE_TURN = text("""
update ingest.upstream_limits
set next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => :interval)
where source = :source and next_at <= clock_timestamp() + make_interval(secs => :patience)
returning
    extract(epoch from next_at - make_interval(secs => :interval) - clock_timestamp())::float8,
    set_config('synchronous_commit', 'off', true)
""")
# Writes only where a probe may begin. Of two that come together, the second finds the first's.
ADMIT = text("""
with probe as (
    update ingest.upstream_limits
    set probe_until = now() + make_interval(secs => :probe_seconds)
    where source = :source and open_until <= now() and coalesce(probe_until <= now(), true)
    returning source
)
select era, probe.source is not null as is_probe,
    open_until is null or probe.source is not null as admitted,
    coalesce(greatest(extract(epoch from open_until - now()), 0), 0)::float8 as remaining
from ingest.upstream_limits left join probe using (source)
where source = :source
""")


def _seconds(seconds: float | Expression[float]) -> Expression[object]:
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)


LEFT = func.extract("epoch", Limit.open_until - func.now())
HEALTH = select(
    Limit.source,
    Limit.failure_streak,
    Limit.open_until,
    cast(func.coalesce(func.greatest(LEFT, 0), 0), Double).label("remaining"),
    func.coalesce(Limit.probe_until > func.now(), False).label("probed"),
    Limit.backoff_seconds,
    Limit.opened_count,
    Limit.is_throttled,
    Limit.last_error,
)


async def add(session: Reader, source: str) -> None:
    """A source that was never asked before."""
    fresh = insert(Limit).values(
        source=source,
        next_at=func.now(),
        era=0,
        failure_streak=0,
        backoff_seconds=0,
        opened_count=0,
        last_error="",
    )
    await session.execute(fresh.on_conflict_do_nothing())


async def take_turn(session: Reader, source: str, interval: float, patience: float) -> float | None:
    """Seconds until the turn that is now the caller's; None, and no turn, if that is too long."""
    values = {"source": source, "interval": interval, "patience": patience}
    turn = (await session.execute(TAKE_TURN, values)).one_or_none()
    return None if turn is None else max(0.0, float(turn[0]))


async def put_off(session: Reader, source: str, seconds: float) -> None:
    """Nobody's turn comes sooner than that."""
    later = func.greatest(Limit.next_at, func.now() + _seconds(seconds))
    await session.execute(update(Limit).where(Limit.source == source).values(next_at=later))


async def admit(session: Reader, source: str) -> Admission | None:
    """None for a source that was never asked."""
    values = {"source": source, "probe_seconds": PROBE_SECONDS}
    row = (await session.execute(ADMIT, values)).one_or_none()
    return None if row is None else Admission(*row)


async def note_answer(session: Reader, source: str, era: int) -> None:
    """Writes nothing when there is nothing to forget."""
    troubled = or_(Limit.failure_streak > 0, Limit.open_until.is_not(None))
    closes = case((Limit.open_until.is_not(None), 1), else_=0)
    await session.execute(
        update(Limit)
        .where(Limit.source == source, Limit.era == era, troubled)
        .values(
            era=Limit.era + closes,
            failure_streak=0,
            backoff_seconds=0,
            open_until=None,
            probe_until=None,
            is_throttled=False,
            last_error="",
        )
    )


async def note_failure(session: Reader, source: str, failure: Failure) -> None:
    """Opens the circuit if that was one too many, or for the pause that was asked for."""
    opens, pause, backoff = _opening(failure.pause)
    await session.execute(
        update(Limit)
        .where(Limit.source == source, Limit.era == failure.era)
        .values(
            era=Limit.era + case((opens, 1), else_=0),
            failure_streak=Limit.failure_streak + 1,
            backoff_seconds=backoff,
            open_until=case((opens, func.now() + _seconds(pause))),
            probe_until=None,
            opened_count=Limit.opened_count + case((opens, 1), else_=0),
            is_throttled=failure.pause is not None,
            last_error=failure.words,
        )
    )


def _opening(asked: float | None) -> tuple[Expression[bool], Expression[float], Expression[float]]:
    """Whether a failure opens the circuit, for how long, and what the backoff is then."""
    if asked is not None:
        return true(), literal(asked), Limit.backoff_seconds
    too_many = or_(Limit.failure_streak + 1 >= FAILURES_TO_OPEN, Limit.open_until.is_not(None))
    doubled = func.greatest(Limit.backoff_seconds * 2, FIRST_BACKOFF_SECONDS)
    longer = func.least(doubled, LONGEST_BACKOFF_SECONDS)
    return too_many, longer, case((too_many, longer), else_=Limit.backoff_seconds)


async def end_probe(session: Reader, source: str, era: int) -> None:
    """It told nothing: another may try."""
    mine = Limit.source == source, Limit.era == era
    await session.execute(update(Limit).where(*mine).values(probe_until=None))


async def read_health(session: Reader, sources: Sequence[str]) -> Mapping[str, Health]:
    """Those that were ever asked."""
    rows = await session.execute(HEALTH.where(Limit.source.in_(sources)))
    return {source: Health(*health) for source, *health in rows}
