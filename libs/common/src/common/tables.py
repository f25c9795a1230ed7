"""The tables that a service needs besides its own: each declares them in its schema."""

from dataclasses import dataclass

from common.idempotency import IdempotencyRow
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow


@dataclass(frozen=True, slots=True)
class Tables:
    """Who hears no events has no inbox, who takes no idempotency keys no table of them."""

    outbox: type[OutboxRow]
    sweep_runs: type[SweepRunRow]
    inbox: type[InboxRow] | None = None
    idempotency: type[IdempotencyRow] | None = None
