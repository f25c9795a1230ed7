import asyncio
from datetime import timedelta

import pytest

from tastebuds.auth.v1 import account_service_pb2 as pb

from .replica import HOME, LIMITS, refused

WRONG = "wrong password"


async def fail(auth, email, times, client=HOME):
    for _ in range(times):
        async with refused("INVALID_CREDENTIALS"):
            await auth.login(email, WRONG, client)


async def wait_out(execute, seconds):
    """Let time pass for the throttle."""
    await execute(
        "update auth.login_throttle set blocked_until = blocked_until - make_interval(secs => :s),"
        " window_started_at = window_started_at - make_interval(secs => :s)",
        s=seconds,
    )


def place(number):
    return pb.Client(address=f"203.0.113.{number}")


@pytest.mark.parametrize("exists", [True, False])
async def test_guessing_is_slowed_down_the_same_for_unknown_accounts(auth, statements, exists):
    email = (await auth.register()).email if exists else "nobody@example.org"
    await fail(auth, email, 5)
    statements()
    async with refused("LOGIN_THROTTLED") as found:
        await auth.login(email, "correct horse battery")
    assert statements() == 2
    assert found[0].message == "Too many failed attempts. Try again later."
    assert 28 < found[0].retry_after <= 30


async def test_the_wait_doubles_up_to_a_quarter_of_an_hour(auth, execute):
    email = "nobody@example.org"
    await fail(auth, email, 5, pb.Client())
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        async with refused("LOGIN_THROTTLED") as found:
            await auth.login(email, WRONG, pb.Client())
        assert seconds - 2 < found[0].retry_after <= seconds
        await wait_out(execute, seconds)
        await fail(auth, email, 1, pb.Client())


async def test_the_right_password_clears_the_account(auth, execute):
    member = await auth.register()
    for _ in range(3):
        await fail(auth, member.email, 4)
        await auth.login(member.email)
    await fail(auth, member.email, 5)
    await wait_out(execute, 31)
    await auth.login(member.email)
    await fail(auth, member.email, 4)
    await auth.login(member.email)


async def test_old_failures_are_forgotten(auth, execute):
    member = await auth.register()
    for _ in range(3):
        await fail(auth, member.email, 4)
        await wait_out(execute, 15 * 60)
    await fail(auth, member.email, 4)


async def test_one_account_does_not_block_another(auth):
    member, other = await auth.register(), await auth.register()
    await fail(auth, member.email, 5)
    await auth.login(other.email)


async def test_guessing_over_many_accounts_blocks_the_network(auth):
    member = await auth.register()
    for number in range(30):
        await fail(auth, f"nobody{number}@example.org", 1)
    async with refused("LOGIN_THROTTLED"):
        await auth.login(member.email)
    await auth.login(member.email, client=place(99))


async def test_an_ipv6_subscriber_is_one_network(start_auth, with_limits):
    async with start_auth(limits=with_limits(address=3)) as auth:
        for number in range(3):
            place = pb.Client(address=f"2001:db8:1:2:{number}::7")
            await fail(auth, f"nobody{number}@example.org", 1, place)
        async with refused("LOGIN_THROTTLED"):
            await auth.login("x@example.org", WRONG, pb.Client(address="2001:db8:1:2:ffff::1"))
        await fail(auth, "x@example.org", 1, pb.Client(address="2001:db8:1:3::1"))


async def test_those_who_succeed_do_not_count_against_their_network(start_auth, with_limits):
    async with start_auth(limits=with_limits(address=3)) as auth:
        member = await auth.register()
        await fail(auth, "nobody@example.org", 2)
        for _ in range(5):
            await auth.login(member.email)
        await fail(auth, "nobody@example.org", 1)
        async with refused("LOGIN_THROTTLED"):
            await auth.login(member.email)


async def test_a_refused_attempt_counts_nowhere(start_auth, with_limits, execute):
    async with start_auth(limits=with_limits(address=6)) as auth:
        await fail(auth, "nobody@example.org", 5)
        for _ in range(5):
            async with refused("LOGIN_THROTTLED"):
                await auth.login("nobody@example.org", WRONG)
        await fail(auth, "someone@example.org", 1)
        async with refused("LOGIN_THROTTLED"):
            await auth.login("another@example.org", WRONG)
    assert await execute("select max(failures) from auth.login_throttle") == [(6,)]


async def test_guesses_at_the_same_moment_are_not_more(auth):
    """Counted before they are checked: of 20 at once five are."""
    member = await auth.register()
    results = await asyncio.gather(
        *(auth.login(member.email, WRONG, place(number)) for number in range(20)),
        return_exceptions=True,
    )
    codes = [result.code().name for result in results]
    assert codes.count("UNAUTHENTICATED") == 5
    assert codes.count("RESOURCE_EXHAUSTED") == 15


async def test_right_passwords_at_the_same_moment_are_no_guesses(auth, execute):
    member = await auth.register()
    await asyncio.gather(*(auth.login(member.email) for _ in range(20)))
    left = "select sum(failures) from auth.login_throttle where kind <> 'registration'"
    assert await execute(left) == [(0,)]


async def test_logins_of_different_accounts_and_networks_at_once_do_not_deadlock(auth):
    members = [await auth.register() for _ in range(4)]
    results = await asyncio.gather(
        *(
            auth.login(members[number % 4].email, WRONG if number % 3 else "correct horse battery",
                       place(number % 5))
            for number in range(40)
        ),
        return_exceptions=True,
    )  # fmt: skip
    codes = {result.code().name for result in results if isinstance(result, Exception)}
    assert codes <= {"UNAUTHENTICATED", "RESOURCE_EXHAUSTED"}


async def test_registering_is_throttled_per_network(start_auth, with_limits):
    async with start_auth(limits=with_limits(registration=3)) as auth:
        member = await auth.register(client=place(1))
        async with refused("EMAIL_ALREADY_REGISTERED"):
            await auth.register(member.email, client=place(1))
        await auth.register(client=place(1))
        async with refused("REGISTRATION_THROTTLED") as found:
            await auth.register(client=place(1))
        assert 28 < found[0].retry_after <= 30
        await auth.register(client=place(2))
        await auth.login(member.email, client=place(1))


async def test_a_limit_of_one(start_auth, with_limits):
    limits = with_limits(account=1, first_block=timedelta(seconds=7))
    async with start_auth(limits=limits) as auth:
        await fail(auth, "nobody@example.org", 1)
        async with refused("LOGIN_THROTTLED") as found:
            await auth.login("nobody@example.org", WRONG)
        assert 5 < found[0].retry_after <= 7


async def test_no_address_in_clear_is_kept_for_accounts(auth, execute):
    await fail(auth, "nobody@example.org", 1)
    rows = await execute("select key from auth.login_throttle where kind = 'account'")
    assert len(rows) == 1
    assert "nobody" not in rows[0][0]
    assert LIMITS.account == 5
