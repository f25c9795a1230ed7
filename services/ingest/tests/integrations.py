"""Integrations as they stand in the database, and the tokens that let their senders in."""

from uuid import uuid4

from common.db import now
from ingest.integrations import tokens
from ingest.integrations.effects import DEFAULT
from ingest.models import Integration


async def integrate(database, sender="radarr", **columns):
    """A new integration and its token; of somebody new unless `user_id` says of whom."""
    token = tokens.new_token()
    integration = Integration(
        **{
            "user_id": uuid4(),
            "sender": sender,
            "name": "default",
            "token_hash": tokens.hash_of(token),
            "token_prefix": tokens.prefix_of(token),
            "effects": DEFAULT.to_json(),
            "accounts": [],
            "created_at": now(),
            "last_error": "",
            **columns,
        }
    )
    async with database.sessions.begin() as session:
        session.add(integration)
    return integration, token
