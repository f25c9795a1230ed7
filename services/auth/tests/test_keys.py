import asyncio
from datetime import timedelta
from functools import partial

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.errors import WrongKeyPassword
from auth.keys import service
from auth.keys.ring import KeyPolicy, KeyRing
from auth.models import Base
from common import db, keys
from common.identity import AUDIENCE, ISSUER, TokenVerifier

from . import replica
from .replica import KEY_PASSWORD, PASSWORD, claims_of, refused

LIFE = timedelta(minutes=30)


@pytest.fixture(scope="module")
async def database(postgres):
    """One of its own: whoever rotates keys is noticed by everyone."""
    async with db.connect(postgres.create_service_database("auth")) as connected:
        async with connected.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield connected


@pytest.fixture
def start_auth(database, certificates):
    return partial(replica.start, database, certificates, key_seconds=0.05)


@pytest.fixture
async def auth(start_auth):
    async with start_auth() as running:
        yield running


def kid_of(token):
    return jwt.get_unverified_header(token)["kid"]


async def rotate(database):
    async with database.sessions.begin() as session:
        return await service.rotate(session, key_password=KEY_PASSWORD, token_life=LIFE)


async def published(auth):
    """Asked as menus asks."""
    return await keys.from_auth(auth.connect("menus"))()


async def test_replicas_that_start_together_make_one_key(database, execute):
    await execute("delete from auth.signing_keys")
    rings = [KeyRing(database, KeyPolicy(KEY_PASSWORD, LIFE, 5)) for _ in range(6)]
    await asyncio.gather(*(ring.open() for ring in rings))
    assert len({(await ring.signer()).kid for ring in rings}) == 1
    assert await execute("select count(*) from auth.signing_keys") == [(1,)]


async def test_others_verify_with_the_published_keys(auth):
    verifier = TokenVerifier(keys.from_auth(auth.connect("menus")))
    member = await auth.register()
    caller = await verifier.verify(member.tokens.access_token)
    assert caller.user_id == member.user_id
    assert str(caller.session_id) == member.session_id
    assert claims_of(member.tokens.access_token)["iss"] == ISSUER
    assert claims_of(member.tokens.access_token)["aud"] == AUDIENCE


async def test_after_a_rotation_all_replicas_sign_with_the_new_key(auth, start_auth, database):
    async with start_auth() as other:
        member = await auth.register()
        old = kid_of(member.tokens.access_token)
        new = await rotate(database)
        await asyncio.sleep(0.06)  # the tests' rings look again after 0.05 s
        for one in (auth, other):
            again = await one.login(member.email)
            assert kid_of(again.tokens.access_token) == new
            assert list(await published(one))[:2] == [new, old]
        # Tokens of the old key live on, also where they were never seen.
        await other.account(member)
        verifier = TokenVerifier(keys.from_auth(other.connect("menus")))
        assert (await verifier.verify(member.tokens.access_token)).user_id == member.user_id


async def test_a_retired_key_goes_when_its_tokens_have_expired(auth, database, execute):
    old = (await auth.ring.signer()).kid
    new = await rotate(database)
    assert old in await published(auth)
    await execute(
        "update auth.signing_keys set retired_at = retired_at - interval '33 min'"
        " where retired_at is not null"
    )
    assert list(await published(auth)) == [new]
    newest = await rotate(database)
    rows = await execute("select kid from auth.signing_keys order by created_at")
    assert rows == [(new,), (newest,)]


async def test_rotations_at_once_leave_one_signing_key(auth, database, execute):
    await asyncio.gather(*(rotate(database) for _ in range(5)))
    rows = await execute("select count(*) from auth.signing_keys where retired_at is null")
    assert rows == [(1,)]
    await auth.register()


async def test_private_keys_are_encrypted_at_rest(auth, database, execute):
    [(pem,)] = await execute("select private_key from auth.signing_keys where retired_at is null")
    assert pem.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    ring = KeyRing(database, KeyPolicy(b"another password", LIFE, 5))
    with pytest.raises(WrongKeyPassword):
        await ring.open()


async def test_a_forged_token_is_refused(auth):
    member = await auth.register(password=PASSWORD)
    claims = claims_of(member.tokens.access_token)
    for kid in (kid_of(member.tokens.access_token), "unknown"):
        forged = jwt.encode(
            claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": kid}
        )
        member.tokens.access_token = forged
        async with refused("INVALID_TOKEN"):
            await auth.account(member)
