"""What may send events to a person's account, and what such events do."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

import orjson
from fastapi import Path
from pydantic import Field, StringConstraints, model_validator

from gateway.schemas.fields import Clean, Name, Schema, ShortName, StrictSchema, refuse_null
from gateway.schemas.wire import moment, present_moment
from tastebuds.ingest.v1 import integration_service_pb2 as wire

# Rows that the clients of the earlier version expect, in their order.
FIRST_ROWS = {"spotify": "Spotify", "arr": "Arr", "jellyfin": "Jellyfin", "plex": "Plex"}
# Signs in to somewhere else; has no webhooks.
SPOTIFY = "spotify"
MOST_ACCOUNTS = 20
MOST_TAGS = 10

Provider = Annotated[
    str,
    StringConstraints(max_length=64),
    Clean,
    Path(description="A sender, as `/api/integrations/senders` names it.", examples=["jellyfin"]),
]
Tags = Annotated[list[ShortName], Field(max_length=MOST_TAGS, examples=[["from plex"]])]

TokenPrefix = Annotated[str, Field(examples=["kX9_fooB"])]


class Effects(Schema):
    """What a matched event does."""

    ingest: bool
    """Bring the work into the catalogue; the others imply it."""
    library: bool
    """Set the library state, with a log entry at the event's own time."""
    tags: Tags
    """Of yours; made when missing."""
    menu_id: UUID | None
    """Append the work to this menu, while it is not public."""
    course_id: UUID | None
    """To this course of it; null: to its last one."""

    @classmethod
    def of(cls, effects: wire.Effects) -> Self:
        return cls(
            ingest=effects.ingest,
            library=effects.library,
            tags=list(effects.tags),
            menu_id=UUID(effects.menu_id) if effects.menu_id else None,
            course_id=UUID(effects.course_id) if effects.course_id else None,
        )


class Sender(Schema):
    name: Annotated[str, Field(examples=["jellyfin"])]
    title: Annotated[str, Field(examples=["Jellyfin"])]
    instructions: str
    """How to set it up there, in a few lines of plain text."""
    template: str | None
    """What to paste there."""
    json_schema: Annotated[dict[str, Any] | None, Field(serialization_alias="schema")]
    """JSON Schema of the body, where its shape is ours."""
    default_effects: Effects
    path: Annotated[str, Field(examples=["/api/webhooks/jellyfin/{token}"])]
    """Of the door for webhooks."""

    @classmethod
    def of(cls, sender: wire.Sender) -> Self:
        return cls(
            name=sender.name,
            title=sender.title,
            instructions=sender.instructions,
            template=sender.template or None,
            json_schema=orjson.loads(sender.schema_json) if sender.schema_json else None,
            default_effects=Effects.of(sender.default_effects),
            path=sender.path,
        )


class Integration(Schema):
    """One webhook: a sender, a name, a token."""

    id: str
    sender: Annotated[str, Field(examples=["jellyfin"])]
    name: Annotated[str, Field(examples=["living room"])]
    token_prefix: TokenPrefix
    """By which its token is told from others."""
    created_at: datetime
    last_used_at: datetime | None
    last_used_address: str | None
    connected_at: datetime | None
    """When it first sent anything, a test included."""
    last_received_at: datetime | None
    counts: Annotated[dict[str, int], Field(examples=[{"done": 12, "ignored": 40}])]
    """Events of the last 30 days by state."""
    last_error: str | None
    last_error_at: datetime | None
    effects: Effects
    accounts: Annotated[list[str], Field(examples=[["ana"]])]
    """Accounts at the sender, by name or id, whose plays count; empty: everybody's."""

    @classmethod
    def of(cls, integration: wire.Integration) -> Self:
        return cls(
            id=integration.id,
            sender=integration.sender,
            name=integration.name,
            token_prefix=integration.token_prefix,
            created_at=moment(integration.created_at),
            last_used_at=present_moment(integration, "last_used_at"),
            last_used_address=integration.last_used_address or None,
            connected_at=present_moment(integration, "connected_at"),
            last_received_at=present_moment(integration, "last_received_at"),
            counts=dict(integration.counts),
            last_error=integration.last_error or None,
            last_error_at=present_moment(integration, "last_error_at"),
            effects=Effects.of(integration.effects),
            accounts=list(integration.accounts),
        )

    @property
    def is_failing(self) -> bool:
        """Whether nothing has arrived since the last error."""
        return self.last_error_at is not None and (
            self.last_received_at is None or self.last_received_at <= self.last_error_at
        )


class Capabilities(Schema):
    supports_webhooks: bool
    supports_export: bool = False
    supports_sync: bool = False


class ProviderStatus(Schema):
    provider: Annotated[str, Field(examples=["jellyfin"])]
    display_name: Annotated[str, Field(examples=["Jellyfin"])]
    auth_type: Literal["oauth", "api_key"]
    connected: bool
    """Whether one of its webhooks has been heard of."""
    status: Literal["missing", "connected", "error"]
    expires_at: Annotated[
        datetime | None, Field(description="Kept for older clients; always null.")
    ] = None
    rotated_at: Annotated[
        datetime | None, Field(description="Kept for older clients; always null.")
    ] = None
    last_error: str | None
    webhook_token_prefix: str | None
    """Of the newest of its webhooks."""
    capabilities: Capabilities
    webhooks: list[Integration]

    @classmethod
    def of(cls, name: str, title: str, integrations: Iterable[Integration]) -> Self:
        webhooks = sorted(integrations, key=lambda one: one.created_at, reverse=True)
        connected = any(one.connected_at for one in webhooks)
        failing = next((one for one in webhooks if one.is_failing), None)
        return cls(
            provider=name,
            display_name=title,
            auth_type="oauth" if name == SPOTIFY else "api_key",
            connected=connected,
            status="error" if failing else "connected" if connected else "missing",
            last_error=failing.last_error if failing else None,
            webhook_token_prefix=webhooks[0].token_prefix if webhooks else None,
            capabilities=Capabilities(supports_webhooks=name != SPOTIFY),
            webhooks=webhooks,
        )


class NewToken(StrictSchema):
    name: Annotated[ShortName | None, Field(examples=["living room"])] = None
    """Of the integration, unique per sender; left out: `default`."""


class MintedToken(Schema):
    provider: Annotated[str, Field(examples=["jellyfin"])]
    webhook_url: Annotated[str, Field(examples=["http://127.0.0.1:8415/api/webhooks/jellyfin/…"])]
    """The whole address to paste at the sender."""
    token_prefix: TokenPrefix
    id: str
    name: Annotated[str, Field(examples=["living room"])]
    token: str
    """Shown this once."""

    @classmethod
    def of(cls, reply: wire.MintTokenResponse) -> Self:
        return cls(
            provider=reply.integration.sender,
            webhook_url=reply.webhook_url,
            token_prefix=reply.integration.token_prefix,
            id=reply.integration.id,
            name=reply.integration.name,
            token=reply.token,
        )


class Change(StrictSchema):
    """Fields left out stay as they are."""

    clearable: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _keeps_what_cannot_be_empty(self) -> Self:
        refuse_null(self, *(self.model_fields_set - self.clearable))
        return self

    def says(self, name: str) -> bool:
        return name in self.model_fields_set


class EffectsChange(Change):
    """Fields left out stay as they are, but a course goes with its menu."""

    clearable = frozenset({"menu_id", "course_id"})

    ingest: bool | None = None
    """Bring the work into the catalogue; the others imply it."""
    library: bool | None = None
    """Set the library state, with a log entry at the event's own time."""
    tags: Tags | None = None
    """Replaces all of them."""
    menu_id: UUID | None = None
    """Append the work to this menu of yours, which must not be public; null: to none."""
    course_id: UUID | None = None
    """To this course of it; null: to its last one."""

    def to_wire(self) -> wire.EffectsChange:
        return wire.EffectsChange(
            ingest=self.ingest,
            library=self.library,
            tags=None if self.tags is None else wire.Tags(names=self.tags),
            menu_id=str(self.menu_id or "") if self.says("menu_id") else None,
            course_id=str(self.course_id or "") if self.says("course_id") else None,
        )


class IntegrationChange(Change):
    """Fields left out stay as they are."""

    name: ShortName | None = None
    effects: Annotated[
        EffectsChange | None, Field(examples=[{"library": False, "tags": ["from plex"]}])
    ] = None
    accounts: Annotated[list[Name], Field(max_length=MOST_ACCOUNTS)] | None = None
    """Replaces all of them; empty: everybody's."""

    def to_wire(self, integration_id: UUID) -> wire.UpdateIntegrationRequest:
        return wire.UpdateIntegrationRequest(
            integration_id=str(integration_id),
            name=self.name,
            effects=None if self.effects is None else self.effects.to_wire(),
            accounts=None if self.accounts is None else wire.Accounts(names=self.accounts),
        )


class AcceptedEvent(Schema):
    id: str
    """Of the event, which stands in the inbox."""
    status: Literal["accepted"] = "accepted"
