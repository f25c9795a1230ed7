"""What is to be fetched again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# So long nobody else is given a record, whatever came of it.
CLAIMED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """Records fetched before `before`; those of works that anybody uses, before `used_before`."""

    source_name: str
    before: datetime
    used_before: datetime | None
    limit: int
