"""What one does with integrations."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

import orjson

from common.db import Database, Reader, Session, new_id, now
from ingest.clients.menus import MenusClient
from ingest.door import repository as door
from ingest.door.arrival import Arrival
from ingest.integrations import repository, tokens
from ingest.integrations.choices import Change, OwnIntegration
from ingest.integrations.effects import DEFAULT, Effects, EffectsChange
from ingest.integrations.errors import (
    CourseWithoutMenu,
    IntegrationLimitReached,
    IntegrationNameTaken,
    IntegrationNotFound,
    PublicMenu,
    UnknownCourse,
    UnknownMenu,
)
from ingest.integrations.repository import Tally
from ingest.models import Integration
from ingest.webhooks.events import webhook_received
from ingest.webhooks.happenings import Sender
from ingest.webhooks.records import JSON

PLACE = {"menu_id", "course_id"}


class Seen(NamedTuple):
    """An integration, and what became of its events."""

    integration: Integration
    tally: Tally


async def list_own(session: Session, *, user_id: UUID) -> list[Seen]:
    integrations = await repository.live_ones(session, user_id)
    tallies = await repository.tallies(session, [each.id for each in integrations], now())
    return [Seen(each, tallies[each.id]) for each in integrations]


async def mint(
    session: Session, *, user_id: UUID, sender: str, name: str, most: int
) -> tuple[Seen, str]:
    """The integration of this name, new or as it was, and the one token that works from now on."""
    await repository.lock_person(session, user_id)
    integration = await repository.find_named(session, user_id, sender, name)
    is_live = integration is not None and integration.token_hash is not None
    if not is_live and await repository.count_live(session, user_id) >= most:
        raise IntegrationLimitReached(most)
    if integration is None:
        integration = _new(user_id, sender, name)
        session.add(integration)
    token = tokens.new_token()
    integration.token_hash = tokens.hash_of(token)
    integration.token_prefix = tokens.prefix_of(token)
    integration.revoked_at = None
    return await _seen(session, integration), token


def _new(user_id: UUID, sender: str, name: str) -> Integration:
    return Integration(
        id=new_id(),
        user_id=user_id,
        sender=sender,
        name=name,
        effects=DEFAULT.to_json(),
        accounts=[],
        created_at=now(),
        last_error="",
    )


async def update(
    database: Database, menus: MenusClient, *, own: OwnIntegration, change: Change
) -> Seen:
    """Menus are asked between two transactions: nobody waits in one for another service."""
    if change.effects is not None and not change.effects.keys().isdisjoint(PLACE):
        async with database.sessions.begin() as session:
            integration = await _live(session, own)
        before = Effects.from_json(integration.effects)
        change = replace(change, effects=await _placed(menus, before, change.effects))
    async with database.sessions.begin() as session:
        return await _update(session, own, change)


async def _placed(menus: MenusClient, before: Effects, change: EffectsChange) -> EffectsChange:
    """With both menu and course, which are there to be chosen."""
    after = before.changed(change)
    if after.menu_id is not None:
        menu = await menus.find(after.menu_id)
        if menu is None:
            raise UnknownMenu
        if menu.is_public:
            raise PublicMenu
        if after.course_id is not None and after.course_id not in menu.course_ids:
            raise UnknownCourse
    elif after.course_id is not None:
        raise CourseWithoutMenu
    return {**change, "menu_id": after.menu_id, "course_id": after.course_id}


async def _update(session: Session, own: OwnIntegration, change: Change) -> Seen:
    await repository.lock_person(session, own.user_id)
    integration = await _live(session, own)
    if change.name is not None and change.name != integration.name:
        sender, name = integration.sender, change.name
        if await repository.find_named(session, own.user_id, sender, name) is not None:
            raise IntegrationNameTaken(sender, name)
        integration.name = name
    if change.effects is not None:
        effects = Effects.from_json(integration.effects).changed(change.effects)
        integration.effects = effects.to_json()
    if change.accounts is not None:
        integration.accounts = change.accounts
    return await _seen(session, integration)


async def _live(session: Session, own: OwnIntegration) -> Integration:
    integration = await repository.find_live(session, own)
    if integration is None:
        raise IntegrationNotFound(own.integration_id)
    return integration


async def _seen(session: Session, integration: Integration) -> Seen:
    await session.flush()
    tallies = await repository.tallies(session, [integration.id], now())
    return Seen(integration, tallies[integration.id])


async def revoke(session: Session, *, own: OwnIntegration) -> None:
    await repository.revoke(session, own, now())


async def revoke_sender(session: Session, *, user_id: UUID, sender: str) -> None:
    await repository.revoke_sender(session, user_id, sender, now())


async def send_test(session: Reader, *, own: OwnIntegration, senders: Mapping[str, Sender]) -> UUID:
    """The event that is taken in, in the very way in which the door would."""
    key = await repository.find_key(session, own)
    if key is None:
        raise IntegrationNotFound(own.integration_id)
    event_id = new_id()
    arrival = Arrival(
        id=event_id,
        token_hash=key.token_hash,
        provider=key.sender,
        received_at=now(),
        address=None,
        content_type=JSON,
        body=orjson.dumps(senders[key.sender].example),
        job=webhook_received(event_id),
    )
    if event_id not in await door.store(session, [arrival], arrival.received_at):
        raise IntegrationNotFound(own.integration_id)  # revoked in between
    return event_id


async def forget_user(session: Session, *, user_id: UUID) -> None:
    """No token works and nothing is decided from now on; a sweep deletes what came from there."""
    await repository.forget_person(session, user_id, now())
