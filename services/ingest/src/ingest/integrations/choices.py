"""What a person says about an integration."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from ingest.integrations.effects import EffectsChange


class OwnIntegration(NamedTuple):
    """An integration as its owner names it."""

    integration_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Change:
    """None leaves a thing as it is."""

    name: str | None
    effects: EffectsChange | None
    accounts: list[str] | None
