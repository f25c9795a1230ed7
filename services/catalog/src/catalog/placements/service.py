"""What the catalogue does with what it hears of menus."""

from dataclasses import dataclass
from datetime import timedelta

from catalog.placements import repository
from catalog.placements.menus import Contents
from common.db import Session, now


async def take_over(session: Session, contents: Contents) -> None:
    """Two statements. What is older than what is known is ignored."""
    if await repository.copy_menu(session, contents, now()):
        await repository.place_works(session, contents)


@dataclass(frozen=True, slots=True)
class DeletedMenus:
    """Known for as long as an older event of theirs may still come."""

    kept: timedelta

    async def sweep(self, session: Session, limit: int) -> int:
        """See common.sweeps.Batch."""
        return await repository.forget_deleted(session, now() - self.kept, limit)
