import asyncio
from uuid import uuid4

import pytest

from tastebuds.auth.v1 import account_service_pb2 as pb
from tastebuds.auth.v1.account_events_pb2 import UserChanged, UserDeleted, UserRegistered
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked

from .replica import HOME, PASSWORD, TIMEOUT, claims_of, refused


async def test_registering_signs_in(auth, said):
    member = await auth.register("Ada.Lovelace@Example.ORG", display_name="  Ada ")
    assert member.email == "ada.lovelace@example.org"
    claims = claims_of(member.tokens.access_token)
    assert claims["sub"] == str(member.user_id)
    assert claims["roles"] == []
    assert claims["exp"] - claims["iat"] == 1800
    assert member.tokens.access_expires_at.seconds == claims["exp"]
    assert len(member.tokens.refresh_token) == 86
    user = await auth.account(member)
    assert (user.id, user.display_name) == (str(member.user_id), "Ada")
    assert list(user.roles) == []
    [event] = await said()
    assert isinstance(event, UserRegistered)
    assert event.user_id == str(member.user_id)


async def test_an_address_is_registered_once_however_it_is_written(auth):
    await auth.register("ada@example.org")
    async with refused("EMAIL_ALREADY_REGISTERED") as found:
        await auth.register("ADA@example.org")
    assert found[0].message == "Email already registered"


async def test_of_those_who_register_an_address_at_once_one_wins(auth, execute):
    results = await asyncio.gather(
        *(auth.register("race@example.org") for _ in range(8)), return_exceptions=True
    )
    won = [result for result in results if not isinstance(result, Exception)]
    assert len(won) == 1
    assert {r.code().name for r in results if isinstance(r, Exception)} == {"ALREADY_EXISTS"}
    assert await execute("select count(*) from auth.users") == [(1,)]
    assert await execute("select count(*) from auth.sessions") == [(1,)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": "no address"}, "INVALID_EMAIL"),
        ({"email": "nul\0@example.org"}, "INVALID_EMAIL"),
        ({"email": "a" * 100_000 + "@example.org"}, "INVALID_EMAIL"),
        ({"password": "7 chars"}, "INVALID_PASSWORD"),
        ({"password": "x" * 1025}, "INVALID_PASSWORD"),
        ({"password": "with\0inside"}, "INVALID_PASSWORD"),
        ({"display_name": "x" * 256}, "INVALID_DISPLAY_NAME"),
        ({"display_name": "\0"}, "INVALID_DISPLAY_NAME"),
    ],
)
async def test_bad_registrations_are_refused(auth, execute, change, reason):
    async with refused(reason):
        await auth.register(**change)
    assert await execute("select count(*) from auth.users") == [(0,)]


async def test_a_password_is_taken_as_it_is(auth):
    password = "ﬁ Å \u212b 🔑 " + "x" * 1000
    member = await auth.register(password=password)
    await auth.login(member.email, password)
    async with refused("INVALID_CREDENTIALS"):
        await auth.login(member.email, password.replace("\u212b", "Å"))
    async with refused("INVALID_CREDENTIALS"):
        await auth.login(member.email, password + "x" * 100)


async def test_login(auth):
    member = await auth.register()
    again = await auth.login(member.email.upper())
    assert again.user_id == member.user_id
    assert again.session_id != member.session_id


@pytest.mark.parametrize(
    "email", ["nobody@example.org", "no address", "nul\0@example.org", "", "x" * 100_000]
)
async def test_unknown_people_are_refused_as_wrong_passwords_are(auth, statements, email):
    member = await auth.register()
    statements()
    async with refused("INVALID_CREDENTIALS") as wrong:
        await auth.login(member.email, "wrong password")
    cost = statements()
    async with refused("INVALID_CREDENTIALS") as unknown:
        await auth.login(email, "wrong password")
    assert statements() == cost
    assert wrong[0].message == unknown[0].message == "Invalid credentials"


async def test_the_account_of_a_deleted_user(auth, execute):
    member = await auth.register()
    await execute("delete from auth.users")
    async with refused("USER_NOT_FOUND") as found:
        await auth.account(member)
    assert found[0].message == "User not found"


async def test_the_account_of_a_revoked_session(auth, execute):
    member = await auth.register()
    await execute("update auth.sessions set revoked_at = now()")
    async with refused("INVALID_TOKEN"):
        await auth.account(member)


async def test_renaming(auth, said):
    member = await auth.register()

    async def rename(**request):
        reply = await auth.accounts.UpdateAccount(
            pb.UpdateAccountRequest(**request), metadata=member.metadata, timeout=TIMEOUT
        )
        return reply.user

    assert (await rename(display_name="Grace")).display_name == "Grace"
    assert (await rename(display_name="Grace")).display_name == "Grace"
    assert not (await rename()).HasField("display_name")
    assert not (await auth.account(member)).HasField("display_name")
    assert [type(event) for event in await said()] == [UserRegistered, UserChanged, UserChanged]


def change(auth, member, current, new):
    request = pb.ChangePasswordRequest(current_password=current, new_password=new, client=HOME)
    return auth.accounts.ChangePassword(request, metadata=member.metadata, timeout=TIMEOUT)


async def test_changing_the_password_ends_the_other_sessions(auth, said):
    member = await auth.register()
    elsewhere = await auth.login(member.email)
    await change(auth, member, PASSWORD, "another password")
    async with refused("INVALID_REFRESH_TOKEN"):
        await auth.refresh(elsewhere.tokens.refresh_token)
    await auth.refresh(member.tokens.refresh_token)
    async with refused("INVALID_CREDENTIALS"):
        await auth.login(member.email)
    await auth.login(member.email, "another password")
    [revoked] = [event for event in await said() if isinstance(event, SessionRevoked)]
    assert revoked.session_id == elsewhere.session_id


async def test_changing_the_password_needs_the_current_one(auth, said):
    member = await auth.register()
    async with refused("WRONG_PASSWORD"):
        await change(auth, member, "not this one", "another password")
    async with refused("INVALID_PASSWORD"):
        await change(auth, member, PASSWORD, "short")
    await auth.login(member.email)
    assert len(await said()) == 1


async def test_guessing_the_current_password_is_throttled(auth):
    member = await auth.register()
    for _ in range(5):
        async with refused("WRONG_PASSWORD"):
            await change(auth, member, "not this one", "another password")
    async with refused("LOGIN_THROTTLED"):
        await change(auth, member, PASSWORD, "another password")


async def test_of_two_password_changes_at_once_one_wins(auth):
    member = await auth.register()
    results = await asyncio.gather(
        *(change(auth, member, PASSWORD, f"new password {n}") for n in range(4)),
        return_exceptions=True,
    )
    assert sum(not isinstance(result, Exception) for result in results) == 1


def delete(auth, member, password=PASSWORD):
    request = pb.DeleteAccountRequest(password=password, client=HOME)
    return auth.accounts.DeleteAccount(request, metadata=member.metadata, timeout=TIMEOUT)


async def test_deleting_an_account(auth, execute, said):
    member = await auth.register()
    elsewhere = await auth.login(member.email)
    async with refused("WRONG_PASSWORD"):
        await delete(auth, member, "not this one")
    await delete(auth, member)
    for table in ("users", "sessions", "refresh_tokens"):
        assert await execute(f"select count(*) from auth.{table}") == [(0,)]  # noqa: S608
    events = await said()
    revoked = {event.session_id for event in events if isinstance(event, SessionRevoked)}
    assert revoked == {member.session_id, elsewhere.session_id}
    [gone] = [event for event in events if isinstance(event, UserDeleted)]
    assert gone.user_id == str(member.user_id)
    async with refused("USER_NOT_FOUND"):
        await auth.account(member)
    async with refused("INVALID_REFRESH_TOKEN"):
        await auth.refresh(member.tokens.refresh_token)
    await auth.register(member.email)


async def test_logging_in_while_the_account_is_deleted(auth):
    for _ in range(5):
        member = await auth.register()
        results = await asyncio.gather(
            delete(auth, member),
            *(auth.login(member.email) for _ in range(4)),
            auth.refresh(member.tokens.refresh_token),
            return_exceptions=True,
        )
        refusals = {r.code().name for r in results if isinstance(r, Exception)}
        assert refusals <= {"UNAUTHENTICATED"}
        assert not isinstance(results[0], Exception)


async def test_the_audit_log_tells_who_did_what_from_where(auth, execute):
    member = await auth.register()
    async with refused("INVALID_CREDENTIALS"):
        await auth.login(member.email, "wrong password")
    async with refused("INVALID_CREDENTIALS"):
        await auth.login("nobody@example.org", "wrong password")
    await auth.login(member.email)
    await change(auth, member, PASSWORD, "another password")
    await delete(auth, member, "another password")
    rows = await execute("select action, user_id, address from auth.audit_log order by id")
    assert {address for _, _, address in rows} == {HOME.address}
    assert [(action, user) for action, user, _ in rows] == [
        ("registered", member.user_id),
        ("login_failed", member.user_id),
        ("login_failed", None),
        ("logged_in", member.user_id),
        ("session_revoked", member.user_id),
        ("password_changed", member.user_id),
        ("account_deleted", member.user_id),
    ]
    stored = await execute("select t::text from auth.audit_log t")
    assert not any(PASSWORD in row or "password " in row for (row,) in stored)


async def test_statements(auth, statements):
    """No more than this, of a login's the first and the last are the throttle's."""
    member = await auth.register()
    await auth.account(member)
    statements()
    await auth.account(member)
    assert statements() == 1
    await auth.login(member.email)
    assert statements() == 7
    await auth.register()
    assert statements() == 7


async def test_only_the_gateway_may_ask(auth):
    menus = auth.connect("menus")
    login = menus.unary_unary(
        "/tastebuds.auth.v1.AccountService/Login",
        request_serializer=pb.LoginRequest.SerializeToString,
        response_deserializer=pb.LoginResponse.FromString,
    )
    async with refused("CALLER_NOT_ALLOWED"):
        await login(pb.LoginRequest(email=f"{uuid4()}@example.org"), timeout=TIMEOUT)


async def test_an_account_is_for_those_who_signed_in(auth):
    async with refused("INVALID_TOKEN"):
        await auth.accounts.GetAccount(pb.GetAccountRequest(), timeout=TIMEOUT)
