from datetime import timedelta

from auth.sweeping.service import Retention
from auth.sweeps import sweeps

from .replica import refused

KEPT = Retention(
    ended_sessions=timedelta(days=30),
    audit=timedelta(days=365),
    throttle=timedelta(minutes=15),
    token_life=timedelta(minutes=30),
)
TABLES = ("users", "sessions", "refresh_tokens", "login_throttle", "audit_log")


async def counts(execute):
    return [
        (await execute(f"select count(*) from auth.{table}"))[0][0]  # noqa: S608
        for table in TABLES
    ]


async def test_what_has_ended_goes_after_a_while(auth, database, execute):
    member = await auth.register()
    async with refused("INVALID_CREDENTIALS"):
        await auth.login(member.email, "wrong password")
    renewed = await auth.refresh(member.tokens.refresh_token)

    async def sweep():
        for each in sweeps(KEPT):
            async with database.sessions.begin() as session:
                await each.run(session, each.batch)

    await sweep()
    assert await counts(execute) == [1, 1, 2, 3, 2]
    # A used token has expired, the attempts are long past, the first log entry is old.
    await execute("update auth.refresh_tokens set expires_at = now() where rotated_at is not null")
    await execute("update auth.login_throttle set window_started_at = now() - interval '16 min'")
    await execute(
        "update auth.audit_log set created_at = now() - interval '366 d'"
        " where action = 'registered'"
    )
    await sweep()
    assert await counts(execute) == [1, 1, 1, 0, 1]
    await auth.refresh(renewed.tokens.refresh_token)
    await execute("update auth.sessions set revoked_at = now() - interval '31 d'")
    await sweep()
    assert await counts(execute) == [1, 0, 0, 0, 1]


async def test_a_sweep_is_bounded(database, execute):
    await execute(
        "insert into auth.audit_log (action, created_at)"
        " select 'login_failed', now() - interval '400 d' from generate_series(1, 1500)"
    )
    async with database.sessions.begin() as session:
        assert await KEPT.sweep_audit(session, 1000) == 1000
    assert await execute("select count(*) from auth.audit_log") == [(500,)]
