import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from tastebuds.auth.v1 import account_service_pb2 as pb
from tastebuds.auth.v1 import session_service_pb2 as session_pb
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked

from .replica import HOME, LIFETIMES, TIMEOUT, claims_of, refused

ABROAD = pb.Client(address="2001:db8::1", user_agent="curl\0\n" + "x" * 1000)


def revoke(auth, member, session_id):
    request = session_pb.RevokeSessionRequest(session_id=session_id, client=HOME)
    return auth.sessions.RevokeSession(request, metadata=member.metadata, timeout=TIMEOUT)


async def revoke_all(auth, member, **request):
    reply = await auth.sessions.RevokeAllSessions(
        session_pb.RevokeAllSessionsRequest(**request), metadata=member.metadata, timeout=TIMEOUT
    )
    return reply.revoked_count


def log_out(auth, token):
    return auth.sessions.Logout(session_pb.LogoutRequest(refresh_token=token), timeout=TIMEOUT)


async def revoked_by(said):
    return [event.session_id for event in await said() if isinstance(event, SessionRevoked)]


async def test_refreshing_goes_on_with_the_session(auth, statements):
    member = await auth.register(display_name="Ada")
    statements()
    renewed = await auth.refresh(member.tokens.refresh_token)
    assert statements() == 2
    assert renewed.session_id == member.session_id
    assert renewed.tokens.refresh_token != member.tokens.refresh_token
    assert (await auth.account(renewed)).display_name == "Ada"
    await auth.refresh(renewed.tokens.refresh_token)


async def test_refresh_tokens_are_stored_hashed(auth, execute):
    member = await auth.register()
    [(stored,)] = await execute("select token_hash from auth.refresh_tokens")
    assert stored == hashlib.sha256(member.tokens.refresh_token.encode()).digest()


async def test_of_parallel_refreshes_with_one_token_exactly_one_wins(auth, said):
    for _ in range(10):
        member = await auth.register()
        results = await asyncio.gather(
            *(auth.refresh(member.tokens.refresh_token) for _ in range(5)),
            return_exceptions=True,
        )
        [won] = [result for result in results if not isinstance(result, Exception)]
        losers = [result for result in results if isinstance(result, Exception)]
        assert {loser.details() for loser in losers} == {"Invalid or expired refresh token"}
        await auth.refresh(won.tokens.refresh_token)
    assert await revoked_by(said) == []


async def test_a_double_click_is_forgiven(auth, execute, said):
    member = await auth.register()
    renewed = await auth.refresh(member.tokens.refresh_token)
    await execute("update auth.refresh_tokens set rotated_at = rotated_at - interval '8 s'")
    async with refused("REFRESH_TOKEN_JUST_USED"):
        await auth.refresh(member.tokens.refresh_token)
    await auth.refresh(renewed.tokens.refresh_token)
    assert await revoked_by(said) == []


async def test_a_later_replay_ends_the_session(auth, execute, said):
    member = await auth.register()
    renewed = await auth.refresh(member.tokens.refresh_token)
    await execute("update auth.refresh_tokens set rotated_at = rotated_at - interval '11 s'")
    for token in (member.tokens.refresh_token, renewed.tokens.refresh_token):
        async with refused("INVALID_REFRESH_TOKEN") as found:
            await auth.refresh(token)
        assert found[0].message == "Invalid or expired refresh token"
    [view] = await auth.listed(member, include_revoked=True)
    assert view.revoked_reason == "reused_token"
    assert await revoked_by(said) == [member.session_id]


async def test_unknown_and_expired_tokens(auth, execute, said):
    for token in ("", "unknown", "nul\0", "x" * 100_000):
        async with refused("INVALID_REFRESH_TOKEN"):
            await auth.refresh(token)
    member = await auth.register()
    await execute("update auth.refresh_tokens set expires_at = now()")
    async with refused("INVALID_REFRESH_TOKEN"):
        await auth.refresh(member.tokens.refresh_token)
    assert await revoked_by(said) == []


async def test_the_refresh_token_slides_until_the_session_ends(auth, execute):
    member = await auth.register()
    first = member.tokens.refresh_expires_at.seconds
    await execute("update auth.sessions set created_at = now() - interval '85 d'")
    renewed = await auth.refresh(member.tokens.refresh_token)
    left = renewed.tokens.refresh_expires_at.seconds - first
    assert -3 * 86400 < left < -1.9 * 86400
    [view] = await auth.listed(renewed)
    assert view.expires_at == renewed.tokens.refresh_expires_at


async def test_no_token_outlives_the_session(start_auth):
    short = replace(LIFETIMES, session=timedelta(seconds=60))
    async with start_auth(lifetimes=short) as auth:
        member = await auth.register()
        claims = claims_of(member.tokens.access_token)
        assert claims["exp"] - claims["iat"] <= 60
        assert member.tokens.refresh_expires_at.seconds <= claims["iat"] + 60


async def test_new_roles_come_with_the_next_refresh(auth, execute):
    member = await auth.register()
    await execute("update auth.users set roles = '{admin}'")
    renewed = await auth.refresh(member.tokens.refresh_token)
    assert claims_of(renewed.tokens.access_token)["roles"] == ["admin"]


async def test_logging_out(auth, said):
    member = await auth.register()
    renewed = await auth.refresh(member.tokens.refresh_token)
    for token in ("", "unknown", renewed.tokens.refresh_token, renewed.tokens.refresh_token):
        await log_out(auth, token)
    async with refused("INVALID_REFRESH_TOKEN"):
        await auth.refresh(renewed.tokens.refresh_token)
    assert await revoked_by(said) == [member.session_id]


async def test_listing_sessions(auth, execute):
    member = await auth.register()
    abroad = await auth.login(member.email, client=ABROAD)
    expired = await auth.login(member.email)
    revoked = await auth.login(member.email)
    await auth.register()
    await execute(
        "update auth.sessions set expires_at = now() where id = cast(:id as uuid)",
        id=expired.session_id,
    )
    await revoke(auth, member, revoked.session_id)

    views = await auth.listed(abroad)
    assert [view.id for view in views] == [abroad.session_id, member.session_id]
    assert [view.is_current for view in views] == [True, False]
    assert all(view.is_active for view in views)
    assert views[0].client.address == "2001:db8::1"
    assert views[0].client.user_agent == "curl" + "x" * 396
    assert views[1].client == HOME

    everything = await auth.listed(member, include_expired=True, include_revoked=True)
    assert [view.id for view in everything] == [
        revoked.session_id, expired.session_id, abroad.session_id, member.session_id,
    ]  # fmt: skip
    assert [view.is_active for view in everything] == [False, False, True, True]
    assert [view.revoked_reason for view in everything] == ["user_revoked", "", "", ""]
    assert len(await auth.listed(member, include_expired=True)) == 3


async def test_paging_through_sessions(auth, statements):
    member = await auth.register()
    everyone = [member] + [await auth.login(member.email) for _ in range(4)]
    statements()
    found, token = [], ""
    for _ in range(3):
        request = session_pb.ListSessionsRequest(page_size=2, page_token=token)
        page = await auth.sessions.ListSessions(request, metadata=member.metadata, timeout=TIMEOUT)
        assert statements() == 1
        found += [view.id for view in page.sessions]
        token = page.next_page_token
    assert token == ""
    assert found == [one.session_id for one in reversed(everyone)]
    async with refused("INVALID_PAGE_SIZE"):
        await auth.listed(member, page_size=-1)
    async with refused("INVALID_ID"):
        await auth.listed(member, page_token="not one")
    assert len(await auth.listed(member, page_size=2_000_000)) == 5


async def test_revoking_a_session(auth, said):
    member, stranger = await auth.register(), await auth.register()
    elsewhere = await auth.login(member.email)
    for missing in (stranger.session_id, str(uuid4())):
        async with refused("SESSION_NOT_FOUND") as found:
            await revoke(auth, member, missing)
        assert found[0].message == "Session not found"
    async with refused("INVALID_ID"):
        await revoke(auth, member, "not one")
    await revoke(auth, member, elsewhere.session_id)
    async with refused("SESSION_NOT_FOUND"):
        await revoke(auth, member, elsewhere.session_id)
    async with refused("INVALID_REFRESH_TOKEN"):
        await auth.refresh(elsewhere.tokens.refresh_token)
    assert await revoked_by(said) == [elsewhere.session_id]
    await auth.refresh(stranger.tokens.refresh_token)


async def test_revoking_every_session(auth, said, statements):
    member, stranger = await auth.register(), await auth.register()
    others = [await auth.login(member.email) for _ in range(3)]
    statements()
    assert await revoke_all(auth, member, keep_current=True) == 3
    assert statements() == 3
    assert sorted(await revoked_by(said)) == sorted(other.session_id for other in others)
    await auth.refresh(member.tokens.refresh_token)
    assert await revoke_all(auth, member) == 1
    assert await revoke_all(auth, member) == 0
    await auth.refresh(stranger.tokens.refresh_token)


async def test_revoking_while_refreshing(auth):
    """Whoever comes first, no deadlock and no session that lives on."""
    for _ in range(5):
        member = await auth.register()
        others = [await auth.login(member.email) for _ in range(3)]
        results = await asyncio.gather(
            *(auth.refresh(other.tokens.refresh_token) for other in others),
            revoke_all(auth, member),
            revoke_all(auth, member),
            return_exceptions=True,
        )
        assert {r.code().name for r in results if isinstance(r, Exception)} <= {"UNAUTHENTICATED"}
        assert await auth.listed(member) == []
