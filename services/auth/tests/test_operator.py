import asyncio

import pytest

from auth import cli
from auth.errors import AccountNotFound
from auth.settings import CommandSettings
from tastebuds.auth.v1.account_events_pb2 import UserChanged
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked

from .replica import claims_of, refused


@pytest.fixture
def command(database):
    url = database.engine.url.render_as_string(hide_password=False)
    settings = CommandSettings(database_url=url)

    async def run(*words):
        return await cli.run(cli.parser().parse_args(words), settings)

    return run


async def test_granting_and_revoking(auth, command, said, execute):
    member = await auth.register("ada@example.org")
    assert await command("list-admins") == "No administrators yet: grant-admin EMAIL makes one."
    assert "is an administrator now" in await command("grant-admin", "Ada@Example.org")
    assert "already" in await command("grant-admin", "ada@example.org")
    assert await command("list-admins") == "ada@example.org"
    renewed = await auth.refresh(member.tokens.refresh_token)
    assert claims_of(renewed.tokens.access_token)["roles"] == ["admin"]
    assert list((await auth.account(renewed)).roles) == ["admin"]

    assert "signed out everywhere" in await command("revoke-admin", "ada@example.org")
    assert "is no administrator." in await command("revoke-admin", "ada@example.org")
    async with refused("INVALID_REFRESH_TOKEN"):
        await auth.refresh(renewed.tokens.refresh_token)
    again = await auth.login("ada@example.org")
    assert claims_of(again.tokens.access_token)["roles"] == []
    events = [type(event) for event in await said()][1:]
    assert sorted(event.__name__ for event in events) == [
        SessionRevoked.__name__, UserChanged.__name__, UserChanged.__name__,
    ]  # fmt: skip
    actions = await execute("select action, detail from auth.audit_log where action like 'role%'")
    assert actions == [("role_granted", "admin"), ("role_revoked", "admin")]


@pytest.mark.parametrize("email", ["nobody@example.org", "no address"])
async def test_unknown_accounts(command, email):
    for name in ("grant-admin", "revoke-admin"):
        with pytest.raises(AccountNotFound):
            await command(name, email)


async def test_what_is_missing_is_said(monkeypatch, capsys):
    monkeypatch.delenv("AUTH_DATABASE_URL", raising=False)
    assert await asyncio.to_thread(cli.main, ["list-admins"]) == cli.CANNOT
    assert "AUTH_DATABASE_URL" in capsys.readouterr().err


async def test_a_database_that_is_away(monkeypatch, capsys):
    monkeypatch.setenv("AUTH_DATABASE_URL", "postgresql+asyncpg://auth@127.0.0.1:1/none")
    assert await asyncio.to_thread(cli.main, ["list-admins"]) == cli.CANNOT
    assert "does not answer" in capsys.readouterr().err
