import asyncio
import time
from uuid import uuid4

import jwt
import pytest

from common.errors import Kind
from common.identity import ALGORITHM, AUDIENCE, ISSUER

from .stand_ins import Fact
from .test_public_menus import eventually

LOGIN = {"email": "ada@example.org", "password": "correct horse"}
USER_FIELDS = {"id", "email", "display_name", "created_at"}
SESSION_FIELDS = {
    "id", "created_at", "expires_at", "revoked_at", "revoked_reason", "replaced_by_token_id",
    "is_active", "is_current",
}  # fmt: skip


def token_of(people, user_id, session_id):
    now = int(time.time())
    claims = {
        "sub": str(user_id), "sid": str(session_id), "iat": now, "exp": now + 600, "roles": [],
        "iss": ISSUER, "aud": AUDIENCE,
    }  # fmt: skip
    return jwt.encode(claims, people.key, algorithm=ALGORITHM, headers={"kid": "test"})


def cookies_of(answer):
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


async def test_register_signs_in(stranger, world):
    body = {"email": "Bo@Example.ORG", "password": "correct horse", "display_name": " Bo "}
    answer = await stranger.post("/api/auth/register", json=body)
    assert answer.status_code == 200
    content = answer.json()
    assert set(content) == {"access_token", "refresh_token", "token_type", "user"}
    assert content["token_type"] == "bearer"
    assert set(content["user"]) == USER_FIELDS
    assert content["user"]["display_name"] == "Bo"
    assert world.requests[-1].client.address == "127.0.0.1"
    for name, age in (("access_token", 1800), ("refresh_token", 604800)):
        cookie = cookies_of(answer)[name].lower()
        for part in ("httponly", "samesite=lax", "path=/"):
            assert part in cookie
        assert "secure" not in cookie
        assert abs(int(cookie.partition("max-age=")[2].partition(";")[0]) - age) <= 2
    assert answer.headers["cache-control"] == "no-store"


async def test_an_address_is_registered_once(stranger, ada_id):
    answer = await stranger.post("/api/auth/register", json=LOGIN)
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Email already registered"


@pytest.mark.parametrize("email", ["demo@tastebuds.local", "a", "a@b", "Ada <ada@example.org>"])
async def test_addresses_nobody_can_have_are_refused(stranger, email):
    answer = await stranger.post("/api/auth/register", json=LOGIN | {"email": email})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("email: ")


async def test_wrong_passwords_are_refused(stranger, ada_id):
    answer = await stranger.post("/api/auth/login", json=LOGIN | {"password": "wrong horse"})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Invalid credentials"
    assert "set-cookie" not in answer.headers
    assert "www-authenticate" not in answer.headers


async def test_cookies_carry_a_whole_visit(running, ada_id):
    async with running.client() as browser:
        first = (await browser.post("/api/auth/login", json=LOGIN)).json()
        assert (await browser.get("/api/me")).json()["email"] == "ada@example.org"
        second = await browser.post("/api/auth/refresh")
        assert second.status_code == 200
        assert second.json()["refresh_token"] != first["refresh_token"]
        assert (await browser.post("/api/auth/logout")).status_code == 204
        assert not browser.cookies
        assert (await browser.get("/api/me")).status_code == 401
        assert (await browser.post("/api/auth/logout")).status_code == 204


async def test_cookies_live_as_long_as_their_tokens(running, ada_id):
    async with running.client() as browser:
        for _ in range(3):  # whatever fraction of a second it is
            answer = await browser.post("/api/auth/login", json=LOGIN)
            access, refresh = answer.headers.get_list("set-cookie")
            assert "Max-Age=1800;" in access
            assert "Max-Age=604800;" in refresh
            await asyncio.sleep(0.34)


async def test_the_body_wins_over_the_cookie(running, world, ada_id):
    async with running.client() as browser:
        await browser.post("/api/auth/login", json=LOGIN)
        body = {"refresh_token": "from the body"}
        answer = await browser.post("/api/auth/refresh", json=body)
        assert answer.json()["detail"] == "Invalid or expired refresh token"
        assert world.requests[-1].refresh_token == "from the body"


async def test_a_failed_refresh_clears_the_cookies(running, ada_id, world):
    async with running.client() as browser:
        await browser.post("/api/auth/login", json=LOGIN)
        world.broken["Refresh"] = Fact(Kind.UNAVAILABLE, "AWAY", "Away", retry_after=2)
        answer = await browser.post("/api/auth/refresh")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert len(browser.cookies) == 2
        world.broken["Refresh"] = Fact(Kind.UNAUTHENTICATED, "REFRESH_TOKEN_JUST_USED", "No")
        assert (await browser.post("/api/auth/refresh")).status_code == 401
        assert len(browser.cookies) == 2
        world.broken.clear()
        world.refresh_tokens.clear()
        answer = await browser.post("/api/auth/refresh")
        assert answer.status_code == 401
        assert answer.json()["detail"] == "Invalid or expired refresh token"
        assert not browser.cookies
        answer = await browser.post("/api/auth/refresh")
        assert answer.json()["detail"] == "Missing refresh token"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "https://evil.example.org"},
        {"Origin": "http://["},
    ],
)
async def test_other_sites_cannot_use_the_cookies(running, world, ada_id, headers):
    async with running.client() as browser:
        await browser.post("/api/auth/login", json=LOGIN)
        for path, body in (
            ("/api/menus", {"title": "x"}), ("/api/auth/refresh", None), ("/api/auth/logout", None),
        ):  # fmt: skip
            answer = await browser.post(path, json=body, headers=headers)
            assert answer.status_code == 403, path
            assert answer.json()["reason"] == "CROSS_SITE_REQUEST"
        assert "CreateMenu" not in world.calls
        assert len(browser.cookies) == 2
        assert (await browser.get("/api/me", headers=headers)).status_code == 200
        bearer = headers | {"Authorization": f"Bearer {browser.cookies['access_token']}"}
        answer = await browser.post("/api/menus", json={"title": "x"}, headers=bearer)
        assert answer.status_code == 201


async def test_a_change_by_cookie_says_where_it_comes_from(running, world, ada_id):
    async with running.client() as browser:
        await browser.post("/api/auth/login", json=LOGIN)
        answer = await browser.post("/api/menus", json={"title": "x"})
        assert answer.status_code == 403
        assert answer.json()["reason"] == "ORIGIN_REQUIRED"
        assert "CreateMenu" not in world.calls
        assert (await browser.get("/api/menus")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://tastebuds.example.org", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://own"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_our_own_pages_can_use_the_cookies(running, ada_id, headers):
    headers = {key: value.replace("http://own", running.url) for key, value in headers.items()}
    async with running.client() as browser:
        await browser.post("/api/auth/login", json=LOGIN)
        answer = await browser.post("/api/menus", json={"title": "x"}, headers=headers)
        assert answer.status_code == 201


async def test_cookies_are_secure_behind_https(start, ada_id):
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    async with start(trusted_proxies=["127.0.0.0/8"]) as trusting, trusting.client() as client:
        answer = await client.post("/api/auth/login", json=LOGIN, headers=forwarded)
        assert all("Secure" in cookie for cookie in cookies_of(answer).values())


async def test_only_trusted_proxies_speak_for_others(start, stranger, world, ada_id):
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    answer = await stranger.post("/api/auth/login", json=LOGIN, headers=forwarded)
    assert all("Secure" not in cookie for cookie in cookies_of(answer).values())
    assert world.requests[-1].client.address == "127.0.0.1"
    async with start(trusted_proxies=["127.0.0.1"]) as trusting, trusting.client() as client:
        await client.post("/api/auth/login", json=LOGIN, headers=forwarded)
        assert world.requests[-1].client.address == "198.51.100.7"


async def test_sessions(ada, world):
    answer = await ada.get("/api/auth/sessions?include_expired=true&limit=10")
    (session,) = answer.json()
    assert set(session) >= SESSION_FIELDS
    assert session["replaced_by_token_id"] is session["revoked_at"] is None
    assert session["is_current"] is True
    assert answer.headers["link"] == (
        '</api/auth/sessions?include_expired=true&limit=10&cursor=more+%26+more>; rel="next"'
    )
    assert world.requests[-1].include_expired
    answer = await ada.post(f"/api/auth/sessions/{uuid4()}/revoke")
    assert (answer.status_code, answer.json()["detail"]) == (404, "Session not found")
    answer = await ada.post("/api/auth/sessions/revoke-all", json={"keep_current": True})
    assert answer.status_code == 204
    assert world.requests[-1].keep_current


async def test_password_and_account(ada, world, ada_id):
    change = {"current_password": "wrong", "new_password": "another horse"}
    answer = await ada.post("/api/auth/password", json=change)
    assert answer.status_code == 403
    change["current_password"] = LOGIN["password"]
    assert (await ada.post("/api/auth/password", json=change)).status_code == 204
    answer = await ada.request("DELETE", "/api/auth/account", json={"password": "x"})
    assert answer.status_code == 204
    assert not world.users


async def test_me_is_kept_until_it_changes(ada, world, ada_id, events):
    assert set((await ada.get("/api/me")).json()) == USER_FIELDS
    await ada.get("/api/me")
    assert world.calls["GetAccount"] == 1
    answer = await ada.patch("/api/me", json={"display_name": "Countess"})
    assert answer.json()["display_name"] == "Countess"
    assert (await ada.get("/api/me")).json()["display_name"] == "Countess"
    assert (await ada.patch("/api/me", json={})).json()["display_name"] == "Countess"
    assert (await ada.patch("/api/me", json={"display_name": None})).json()["display_name"] is None
    await ada.get("/api/me")
    world.users[str(ada_id)].display_name = "Elsewhere"
    await events.user_changed(ada_id)

    async def is_new():
        return (await ada.get("/api/me")).json()["display_name"] == "Elsewhere"

    await eventually(is_new)


async def test_a_revoked_session_is_dead_within_a_second(running, people, ada_id, events):
    session_id = uuid4()
    async with running.client(token_of(people, ada_id, session_id)) as client:
        assert (await client.get("/api/me")).status_code == 200
        await events.session_revoked(session_id)

        async def is_refused():
            answer = await client.get("/api/me")
            return answer.status_code == 401 and answer.json()["detail"] == "Invalid token"

        await eventually(is_refused, 1.0)
    async with running.client(token_of(people, ada_id, uuid4())) as other:
        assert (await other.get("/api/me")).status_code == 200


async def test_a_gateway_that_starts_later_knows_what_was_revoked(start, people, ada_id, events):
    session_id = uuid4()
    await events.session_revoked(session_id)
    token = token_of(people, ada_id, session_id)
    async with start() as later, later.client(token) as client:
        assert (await client.get("/api/me")).status_code == 401


async def test_tokens_of_a_deleted_user_are_refused(ada, ada_id, events):
    await ada.get("/api/me")
    await events.user_deleted(ada_id)

    async def is_refused():
        answer = await ada.get("/api/me")
        return answer.status_code == 401 and answer.json()["detail"] == "User not found"

    await eventually(is_refused, 1.0)


@pytest.mark.parametrize(
    "authorization",
    [
        b"Bearer x", b"Bearer a.b.c", b"Bearer " + b"[" * 5000, "Bearer \u00e9".encode(),
        b"Bearer \xff\xfe", b"bearer " + b"W1tbW1tbW1tb" * 200 + b".e30.AA", b"Basic YTpi", b"",
    ],
)  # fmt: skip
async def test_bad_tokens_are_refused_and_never_a_failure(stranger, authorization):
    answer = await stranger.get("/api/me", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Invalid token"


async def test_a_bad_token_is_refused_where_none_is_needed(stranger):
    for path in ("/api/search?q=wire", "/health", "/api/health"):
        answer = await stranger.get(path, headers={"Authorization": "Bearer nonsense"})
        assert answer.status_code == 401
        assert (await stranger.get(path)).status_code == 200


async def test_the_public_keys(stranger, people):
    answer = await stranger.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = jwt.PyJWKSet.from_dict(answer.json())
    token = people.token(uuid4())
    jwt.decode(token, keys["test"].key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER)


async def test_parallel_requests_keep_their_callers_apart(running, people, world):
    users = [world.add_user(f"user{number}@example.org") for number in range(20)]

    async def ask(user_id):
        async with running.client(people.token(user_id)) as client:
            return (await client.get("/api/me")).json()["id"]

    assert await asyncio.gather(*map(ask, users)) == [str(user_id) for user_id in users]
