"""Works that became one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

# As long as a merge can be undone.
REVERSIBLE_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pair:
    survivor_id: UUID
    absorbed_id: UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """Why two works are one, in words, and who said so; nobody when it was found by itself."""

    reason: str
    merged_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    id: UUID
    pair: Pair
    survivor_title: str
    absorbed_title: str
    cause: Cause
    merged_at: datetime
    undone_at: datetime | None
    # False once what it takes to undo it is forgotten.
    is_remembered: bool

    def is_reversible(self, at: datetime) -> bool:
        return self.is_remembered and at < self.merged_at + REVERSIBLE_FOR
