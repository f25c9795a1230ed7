"""The operator's commands: python -m auth.cli --help."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta

from pydantic import ValidationError

from auth.accounts import service as accounts
from auth.keys import service as keys
from auth.keys.ring import read_password
from auth.settings import CommandSettings
from common import db
from common.errors import DomainError
from common.identity import ADMIN

OK, REFUSED, CANNOT = 0, 1, 2


def parser() -> argparse.ArgumentParser:
    commands = argparse.ArgumentParser(
        prog="python -m auth.cli",
        description="Administer accounts and signing keys. Reads AUTH_DATABASE_URL; rotate-keys "
        "also AUTH_KEY_PASSWORD_FILE.",
        epilog="Exit codes: 0 done (or nothing to do), 1 refused, 2 cannot work.",
    )
    names = commands.add_subparsers(dest="command", required=True, metavar="COMMAND")
    grant = names.add_parser("grant-admin", help="give an account the role of administrator")
    grant.add_argument("email", metavar="EMAIL")
    revoke = names.add_parser(
        "revoke-admin", help="take the role away; signs the account out everywhere"
    )
    revoke.add_argument("email", metavar="EMAIL")
    names.add_parser("list-admins", help="print the e-mail addresses of the administrators")
    names.add_parser(
        "rotate-keys", help="sign with a new key; old tokens stay valid until they expire"
    )
    return commands


async def run(arguments: argparse.Namespace, settings: CommandSettings) -> str:
    """What to tell the operator. DomainError when refused."""
    async with (
        db.connect(settings.database_url, pool_size=1) as database,
        database.sessions.begin() as session,
    ):
        match arguments.command:
            case "grant-admin":
                return await _grant(session, arguments.email)
            case "revoke-admin":
                return await _revoke(session, arguments.email)
            case "list-admins":
                found = await accounts.list_role(session, role=ADMIN)
                return "\n".join(found) or "No administrators yet: grant-admin EMAIL makes one."
            case _:
                return await _rotate(session, settings)


async def _grant(session: db.Session, email: str) -> str:
    if not await accounts.grant_role(session, email=email, role=ADMIN):
        return f"{email} is an administrator already."
    return (
        f"{email} is an administrator now. Open sessions learn it when they refresh their access "
        "token, after 30 minutes at the latest by default; signing in again is quicker."
    )


async def _revoke(session: db.Session, email: str) -> str:
    if not await accounts.revoke_role(session, email=email, role=ADMIN):
        return f"{email} is no administrator."
    return f"{email} is no administrator any more, and is signed out everywhere."


async def _rotate(session: db.Session, settings: CommandSettings) -> str:
    if settings.key_password_file is None:
        raise SystemExit("AUTH_KEY_PASSWORD_FILE is not set: it encrypts the new key.")
    kid = await keys.rotate(
        session,
        key_password=read_password(settings.key_password_file),
        token_life=timedelta(seconds=settings.access_token_seconds),
    )
    return (
        f"Key {kid} signs from now on, in every replica within seconds. The key before it is "
        "published until its last tokens have expired."
    )


def main(words: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(words)
    try:
        print(asyncio.run(run(arguments, CommandSettings())))
    except DomainError as error:
        print(error.message, file=sys.stderr)
        return REFUSED
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(map(str, problem["loc"])).upper()
            print(f"AUTH_{name}: {problem['msg']}", file=sys.stderr)
        return CANNOT
    except db.ERRORS as error:
        if not db.is_unavailable(error):
            raise
        print(f"The database does not answer: {error}", file=sys.stderr)
        return CANNOT
    return OK


if __name__ == "__main__":
    sys.exit(main())
