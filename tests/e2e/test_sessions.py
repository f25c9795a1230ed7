"""Signing in, staying in, and being out when one says so."""

import concurrent.futures
import time

import httpx
import pytest

from .conftest import PASSWORD


def login(client, email, password=PASSWORD):
    return client.post("/api/auth/login", json={"email": email, "password": password})


def refresh(client, token):
    return client.post("/api/auth/refresh", json={"refresh_token": token})


def test_a_browser_signs_in_by_cookie_and_reads_its_account(visitor, join):
    email = join().email
    reply = login(visitor, email.upper())
    assert reply.status_code == 200
    assert reply.json()["token_type"] == "bearer"
    cookies = reply.headers.get_list("set-cookie")
    assert all(
        "HttpOnly" in cookie and "SameSite=lax" in cookie.replace("Lax", "lax")
        for cookie in cookies
    )
    assert visitor.get("/api/me").json()["email"] == email


def test_of_two_parallel_refreshes_one_wins_and_the_session_lives(curator, visitor):
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda _: refresh(visitor, curator.refresh_token), range(2)))
    assert sorted(reply.status_code for reply in replies) == [200, 401]
    [winner] = [reply for reply in replies if reply.status_code == 200]
    assert refresh(visitor, winner.json()["refresh_token"]).status_code == 200


def test_a_revoked_session_is_dead_within_a_second(curator):
    [session] = curator.get("/api/auth/sessions").json()
    assert session["is_active"]
    assert curator.post(f"/api/auth/sessions/{session['id']}/revoke").status_code == 204
    began = time.monotonic()
    while curator.get("/api/me").status_code != 401:
        assert time.monotonic() - began < 1
        time.sleep(0.02)
    assert refresh(curator, curator.refresh_token).status_code == 401


def test_two_tabs_that_refresh_at_once_both_stay_signed_in(stack, curator):
    jar = {"refresh_token": curator.refresh_token}
    with httpx.Client(base_url=stack.base_url, cookies=jar, timeout=20) as browser:
        assert browser.post("/api/auth/refresh").status_code == 200
    with httpx.Client(base_url=stack.base_url, cookies=jar, timeout=20) as other_tab:
        late = other_tab.post("/api/auth/refresh")
    assert late.status_code == 401
    assert "set-cookie" not in late.headers  # it would take away what the first tab was given


@pytest.mark.parametrize("by", ["cookie", "bearer"])
def test_signing_out_ends_the_session_however_it_was_opened(stack, join, by):
    person = join()
    access = person.headers["Authorization"]
    headers = {"Authorization": access} if by == "bearer" else {}
    jar = {"refresh_token": person.refresh_token} if by == "cookie" else {}
    with httpx.Client(base_url=stack.base_url, cookies=jar, headers=headers) as client:
        assert client.post("/api/auth/logout").status_code == 204
    began = time.monotonic()
    while person.get("/api/me").status_code != 401:
        assert time.monotonic() - began < 1
        time.sleep(0.02)
    assert refresh(person, person.refresh_token).status_code == 401


def test_a_new_password_ends_the_other_sessions(curator, visitor, eventually):
    other = login(visitor, curator.email).json()["access_token"]
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (
        curator.post("/api/auth/password", json=body | {"current_password": "x"}).status_code == 403
    )
    assert curator.post("/api/auth/password", json=body).status_code == 204
    assert curator.get("/api/me").status_code == 200
    headers = {"Authorization": f"Bearer {other}"}
    visitor.cookies.clear()
    eventually(lambda: visitor.get("/api/me", headers=headers).status_code == 401, seconds=1)
    assert login(visitor, curator.email).status_code == 401
    assert login(visitor, curator.email, "another long password").status_code == 200


def test_a_deleted_account_takes_its_menus_along(curator, visitor, make_menu, eventually):
    menu = make_menu("Gone Tomorrow", is_public=True)
    assert visitor.get(f"/api/public/menus/{menu['slug']}").status_code == 200
    reply = curator.request("DELETE", "/api/auth/account", json={"password": PASSWORD})
    assert reply.status_code == 204
    eventually(lambda: visitor.get(f"/api/public/menus/{menu['slug']}").status_code == 404)
    assert login(visitor, curator.email).status_code == 401


def test_the_login_tells_no_one_who_has_an_account(visitor, curator):
    wrong = login(visitor, curator.email, "not the password")
    unknown = login(visitor, "nobody@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["detail"] == unknown.json()["detail"] == "Invalid credentials"


def test_a_guesser_is_slowed_down(visitor, join):
    email = join().email
    statuses = [login(visitor, email, f"guess {number}").status_code for number in range(8)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_keys_rotate_and_old_tokens_go_on_working(operate, curator, visitor, join):
    before = visitor.get("/.well-known/jwks.json").json()["keys"]
    assert {key["kty"] for key in before} == {"OKP"}
    operate("auth.cli", "rotate-keys")
    newcomer = join()
    assert curator.get("/api/me").status_code == 200
    assert newcomer.get("/api/me").status_code == 200
