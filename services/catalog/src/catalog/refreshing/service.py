"""What the catalogue does to stay fresh."""

from catalog.refreshing import repository
from catalog.refreshing.due import CLAIMED_FOR, Due
from common.db import Session, now


async def claim(session: Session, due: Due) -> list[str]:
    """Ids at the source of at most so many records; nobody else is given them for a day."""
    return await repository.claim(session, due, now(), CLAIMED_FOR)
