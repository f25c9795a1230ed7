"""What comes through the door."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ingest.models import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A body, posted as `provider` by whoever holds a token; `job` is the work it makes.

    `address` is that of the client, "" when unknown and None when the body is from ourselves.
    """

    id: UUID
    token_hash: bytes
    provider: str
    received_at: datetime
    address: str | None
    content_type: str
    body: bytes
    job: Outbox
