"""SQL of the door: one statement for all that arrives together."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import select, text

from common.db import Reader, new_id
from ingest.door.arrival import Arrival
from ingest.door.providers import ANY_ARR, ARRS
from ingest.models import Integration

# Between two notes of when a token was used: each would be a new version of the row.
NOTED_EVERY = timedelta(seconds=5)

# Events go in by order of their integrations: each locks the row of its own against deletion, and
# so do those who revoke many. A row that somebody else has locked is not waited for.
STORE = text("""
with arrived as (
    select * from unnest(
        cast(:ids as uuid[]), cast(:token_hashes as bytea[]), cast(:providers as text[]),
        cast(:times as timestamptz[]), cast(:addresses as text[]), cast(:content_types as text[]),
        cast(:bodies as bytea[]), cast(:message_ids as uuid[]), cast(:subjects as text[]),
        cast(:payloads as bytea[]), cast(:headers as text[])
    ) as arrived (
        id, token_hash, provider, received_at, address, content_type,
        body, message_id, subject, payload, headers
    )
),
admitted as (
    select arrived.*, held.id as integration_id, held.user_id,
        case held.sender when :any_arr then arrived.provider else held.sender end as sender
    from arrived join ingest.integrations held on held.token_hash = arrived.token_hash
    where held.sender = arrived.provider
        or (held.sender = :any_arr and arrived.provider = any(:arrs))
        or (arrived.provider = :any_arr and held.sender = any(:arrs))
),
stored as (
    insert into ingest.webhook_events (
        id, integration_id, user_id, sender, received_at, address, content_type, body, body_bytes,
        state, decision, event_name, title, attempts, source, external_id,
        effects, suggestions, history
    )
    select id, integration_id, user_id, sender, received_at, address, content_type, body,
        length(body), 'received', '', '', '', 0, '', '', '{}', '[]', '[]'
    from admitted order by integration_id, id
    returning id
),
queued as (
    insert into ingest.outbox (message_id, subject, payload, headers)
    select message_id, subject, payload, cast(headers as jsonb) from admitted order by id
),
used as (
    select distinct on (integration_id) integration_id, received_at, address
    from admitted where address is not null order by integration_id, received_at desc
),
noted as (
    select held.id from ingest.integrations held
    where held.id in (select integration_id from used)
        and (held.last_used_at is null or held.last_used_at < :noted_before)
    for no key update skip locked
),
touched as (
    update ingest.integrations held
    set last_used_at = used.received_at, last_used_address = used.address
    from used, noted where held.id = used.integration_id and noted.id = held.id
)
select id from stored
""")


async def store(session: Reader, arrivals: Sequence[Arrival], at: datetime) -> set[UUID]:
    """Those whose token lets them in, stored together with the work they make."""
    columns = {
        "ids": [each.id for each in arrivals],
        "token_hashes": [each.token_hash for each in arrivals],
        "providers": [each.provider for each in arrivals],
        "times": [each.received_at for each in arrivals],
        "addresses": [each.address for each in arrivals],
        "content_types": [each.content_type for each in arrivals],
        "bodies": [each.body for each in arrivals],
        "message_ids": [new_id() for _ in arrivals],
        "subjects": [each.job.subject for each in arrivals],
        "payloads": [each.job.payload for each in arrivals],
        "headers": [orjson.dumps(each.job.headers).decode() for each in arrivals],
    }
    rules = {"any_arr": ANY_ARR, "arrs": list(ARRS), "noted_before": at - NOTED_EVERY}
    return set((await session.execute(STORE, columns | rules)).scalars())


async def find_name(session: Reader, token_hash: bytes, sender: str) -> str | None:
    """What the integration of a token is called."""
    statement = select(Integration.name).where(
        Integration.token_hash == token_hash, Integration.sender == sender
    )
    return (await session.execute(statement)).scalar_one_or_none()
