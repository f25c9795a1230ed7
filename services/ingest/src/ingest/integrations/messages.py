"""Between the wire and what the use cases take and give."""

from collections.abc import Iterable
from uuid import UUID

import orjson

from common.requests import TooMany, current_caller, parse_id
from common.timestamps import timestamp
from ingest.door.providers import path_of
from ingest.integrations.choices import Change, OwnIntegration
from ingest.integrations.effects import DEFAULT, Effects, EffectsChange
from ingest.integrations.errors import InvalidName
from ingest.integrations.service import Seen
from ingest.webhooks.happenings import Sender
from tastebuds.ingest.v1 import integration_service_pb2 as pb

DEFAULT_NAME = "default"
LONGEST_NAME = 64
LONGEST_ACCOUNT = 255
MOST_TAGS = 10
MOST_ACCOUNTS = 20


def own_integration(integration_id: str) -> OwnIntegration:
    return OwnIntegration(parse_id("integration_id", integration_id), current_caller().user_id)


def name(field: str, value: str, longest: int = LONGEST_NAME) -> str:
    """Without surrounding white space."""
    kept = value.strip()
    if not 0 < len(kept) <= longest or not kept.isprintable():
        raise InvalidName(field, longest)
    return kept


def to_change(request: pb.UpdateIntegrationRequest) -> Change:
    return Change(
        name=name("name", request.name) if request.HasField("name") else None,
        effects=_to_effects_change(request.effects) if request.HasField("effects") else None,
        accounts=_names("accounts", request.accounts.names, MOST_ACCOUNTS, LONGEST_ACCOUNT)
        if request.HasField("accounts")
        else None,
    )


def _to_effects_change(effects: pb.EffectsChange) -> EffectsChange:
    change: EffectsChange = {}
    if effects.HasField("ingest"):
        change["ingest"] = effects.ingest
    if effects.HasField("library"):
        change["library"] = effects.library
    if effects.HasField("tags"):
        tags = _names("effects.tags", effects.tags.names, MOST_TAGS, LONGEST_NAME)
        change["tags"] = tuple(tags)
    if effects.HasField("menu_id"):
        change["menu_id"] = _id("effects.menu_id", effects.menu_id)
    if effects.HasField("course_id"):
        change["course_id"] = _id("effects.course_id", effects.course_id)
    return change


def _id(field: str, value: str) -> UUID | None:
    return parse_id(field, value) if value else None


def _names(field: str, values: Iterable[str], most: int, longest: int) -> list[str]:
    """Each once, in their order."""
    names = list(dict.fromkeys(name(field, value, longest) for value in values))
    if len(names) > most:
        raise TooMany(field, most)
    return names


def from_sender(sender: Sender) -> pb.Sender:
    guide = sender.guide
    return pb.Sender(
        name=sender.name,
        title=guide.title,
        instructions=guide.instructions,
        template=guide.template,
        schema_json=orjson.dumps(guide.schema).decode() if guide.schema else "",
        default_effects=_from_effects(DEFAULT),
        path=path_of(sender.name),
    )


def from_seen(seen: Seen) -> pb.Integration:
    integration, tally = seen
    times = {
        "created_at": integration.created_at,
        "last_used_at": integration.last_used_at,
        "connected_at": integration.connected_at,
        "last_received_at": tally.last_received_at,
        "last_error_at": integration.last_error_at,
    }
    return pb.Integration(
        id=str(integration.id),
        sender=integration.sender,
        name=integration.name,
        token_prefix=integration.token_prefix,
        last_used_address=integration.last_used_address or "",
        last_error=integration.last_error,
        effects=_from_effects(Effects.from_json(integration.effects)),
        accounts=integration.accounts,
        counts=tally.counts,
        **{field: timestamp(at) for field, at in times.items() if at is not None},
    )


def _from_effects(effects: Effects) -> pb.Effects:
    return pb.Effects(
        ingest=effects.ingest,
        library=effects.library,
        tags=effects.tags,
        menu_id=str(effects.menu_id or ""),
        course_id=str(effects.course_id or ""),
    )
