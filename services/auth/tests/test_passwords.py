import asyncio
import time
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from auth.passwords import Passwords

from .replica import CHEAP, PASSWORD, refused

# About 20 ms a hash: long enough to see whether anyone waits for it.
COSTLY = replace(CHEAP, passes=2, memory_kib=16 * 1024)


def jobs():
    return REGISTRY.get_sample_value("password_hashing_seconds_count")


async def longest_pause(stopping):
    """How long the event loop did not come round, at worst."""
    worst = 0.0
    while not stopping.is_set():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, time.perf_counter() - began)
    return worst


async def test_the_loop_goes_on_while_passwords_are_hashed(start_auth):
    async with start_auth(hashing=replace(CHEAP, passes=3, memory_kib=64 * 1024)) as auth:
        began = time.perf_counter()
        member = await auth.register()
        one_hash = time.perf_counter() - began
        stopping = asyncio.Event()
        heartbeat = asyncio.create_task(longest_pause(stopping))
        await asyncio.gather(*(auth.login(member.email) for _ in range(4)))
        stopping.set()
        assert await heartbeat < one_hash / 2


async def test_unknown_accounts_cost_one_verification_too(auth):
    member = await auth.register()
    for email in (member.email, "nobody@example.org", "no address"):
        before = jobs()
        async with refused("INVALID_CREDENTIALS"):
            await auth.login(email, "wrong password")
        assert jobs() == before + 1
    with Passwords(COSTLY) as passwords:
        stored = await passwords.hash(PASSWORD)
        known, unknown = [], []
        for _ in range(7):
            for times, subject in ((known, stored), (unknown, None)):
                began = time.perf_counter()
                assert not (await passwords.verify(subject, "wrong password")).is_right
                times.append(time.perf_counter() - began)
        assert min(known) / min(unknown) == pytest.approx(1, abs=0.5)


async def test_too_many_at_once_are_told_to_come_back(start_auth, execute):
    async with start_auth(hashing=replace(COSTLY, queue=3)) as auth:
        member = await auth.register()
        results = await asyncio.gather(
            *(auth.login(member.email) for _ in range(5)), return_exceptions=True
        )
        turned_away = [result for result in results if isinstance(result, Exception)]
        assert [error.code().name for error in turned_away] == ["RESOURCE_EXHAUSTED"] * 2
        assert await execute(
            "select sum(failures) from auth.login_throttle where kind='account'"
        ) == [(0,)]
        async with auth.passwords.turn(), auth.passwords.turn():
            third = asyncio.create_task(take_turn(auth))
            await asyncio.sleep(0)
            async with refused("TOO_MANY_SIGN_INS") as found:
                await auth.login(member.email)
        assert found[0].retry_after >= 1
        await third
        await auth.login(member.email)


async def take_turn(auth):
    async with auth.passwords.turn():
        pass


async def test_new_costs_are_taken_up_at_the_next_logins(auth, start_auth, execute):
    """Also when several sign in at once, none of which may be refused."""
    member = await auth.register()
    [(old,)] = await execute("select password_hash from auth.users")
    assert "m=64,t=1" in old
    async with start_auth(hashing=replace(CHEAP, passes=2)) as dearer:
        await asyncio.gather(*(dearer.login(member.email) for _ in range(4)))
        [(new,)] = await execute("select password_hash from auth.users")
        assert "m=64,t=2" in new
        await dearer.login(member.email)
    assert await execute("select password_hash from auth.users") == [(new,)]
