"""Only tokens that auth signed, in time and for us, name a caller."""

import asyncio
import time
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.errors import DomainError, Kind
from common.identity import ALGORITHM, AUDIENCE, ISSUER, InvalidToken, TokenVerifier


class Unreachable(DomainError):
    kind = Kind.UNAVAILABLE
    reason = "UNREACHABLE"


class Issuer:
    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.keys = {"one": self.key.public_key()}
        self.asked = 0
        self.is_away = self.is_silent = False

    async def fetch(self):
        self.asked += 1
        if self.is_silent:
            await asyncio.sleep(60)
        if self.is_away:
            raise Unreachable("away")
        return dict(self.keys)

    def sign(self, kid="one", key=None, **changes):
        now = int(time.time())
        claims = {
            "sub": str(uuid4()), "sid": str(uuid4()), "iat": now, "exp": now + 60,
            "iss": ISSUER, "aud": AUDIENCE, "roles": [],
        } | changes  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key or self.key, algorithm=ALGORITHM, headers={"kid": kid})


@pytest.fixture
def issuer():
    return Issuer()


async def test_a_good_token_names_its_caller(issuer):
    user_id = uuid4()
    caller = await TokenVerifier(issuer.fetch).verify(
        issuer.sign(sub=str(user_id), roles=["admin"])
    )
    assert caller.user_id == user_id
    assert caller.is_admin


async def test_keys_are_asked_for_once(issuer):
    verifier = TokenVerifier(issuer.fetch)
    for _ in range(5):
        await verifier.verify(issuer.sign())
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1}, {"iss": "somebody"}, {"aud": "others"}, {"sub": "nobody"}, {"sid": None},
        {"roles": None}, {"roles": 7}, {"exp": None}, {"sub": None},
    ],
    ids=str,
)  # fmt: skip
async def test_a_claim_that_is_wrong_or_missing_is_refused(issuer, changes):
    with pytest.raises(InvalidToken):
        await TokenVerifier(issuer.fetch).verify(issuer.sign(**changes))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "\ud800", "eyJhbGciOiJub25lIn0.e30."])
async def test_rubbish_is_refused(issuer, token):
    with pytest.raises(InvalidToken):
        await TokenVerifier(issuer.fetch).verify(token)


async def test_a_foreign_key_is_refused_even_under_our_key_id(issuer):
    forged = issuer.sign(key=Ed25519PrivateKey.generate())
    with pytest.raises(InvalidToken):
        await TokenVerifier(issuer.fetch).verify(forged)


async def test_the_public_key_is_no_hmac_secret(issuer):
    raw = issuer.key.public_key().public_bytes_raw()
    forged = jwt.encode(
        {"sub": str(uuid4()), "sid": str(uuid4()), "iat": 1, "exp": 9_999_999_999,
         "iss": ISSUER, "aud": AUDIENCE, "roles": ["admin"]},
        raw, algorithm="HS256", headers={"kid": "one"},
    )  # fmt: skip
    with pytest.raises(InvalidToken):
        await TokenVerifier(issuer.fetch).verify(forged)


async def test_a_cached_token_still_expires(issuer):
    verifier = TokenVerifier(issuer.fetch)
    token = issuer.sign(exp=int(time.time()) + 1)
    await verifier.verify(token)
    time.sleep(1.1)  # noqa: ASYNC251 the clock itself is what is tested
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_known_keys_go_on_working_while_auth_is_away(issuer):
    verifier = TokenVerifier(issuer.fetch, keys_max_age=0)
    await verifier.verify(issuer.sign())
    issuer.is_away = True
    for _ in range(5):
        await verifier.verify(issuer.sign())
    assert issuer.asked == 2  # in vain, and not by everybody


async def test_nobody_waits_for_the_renewal_of_known_keys(issuer):
    verifier = TokenVerifier(issuer.fetch, keys_max_age=0)
    await verifier.verify(issuer.sign())
    issuer.is_silent = True
    waiting = asyncio.create_task(verifier.verify(issuer.sign()))
    async with asyncio.timeout(2):
        await asyncio.sleep(0)
        await verifier.verify(issuer.sign())
    assert not waiting.done()
    waiting.cancel()


async def test_a_withdrawn_key_is_forgotten(issuer):
    verifier = TokenVerifier(issuer.fetch, keys_max_age=0)
    token = issuer.sign()
    await verifier.verify(token)
    issuer.keys = {"two": Ed25519PrivateKey.generate().public_key()}
    with pytest.raises(InvalidToken):
        await verifier.verify(issuer.sign())
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_without_any_key_the_absence_of_auth_is_said(issuer):
    issuer.is_away = True
    with pytest.raises(Unreachable):
        await TokenVerifier(issuer.fetch).verify(issuer.sign())
