"""What the catalogue does with taste profiles."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from catalog.taste import repository, rules
from catalog.taste.profiles import Kept, Profile
from common.db import Reader, Session, new_id, now

# A profile that its person has not asked for so long is computed when it is asked for again.
UNASKED = timedelta(days=30)
# That it was asked for is written down so often.
ASKED_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles that are looked at again after a while; None: only when somebody asks for that."""

    lifetime: timedelta | None

    async def find_fresh(self, session: Reader, user_id: UUID) -> Kept | None:
        """One statement."""
        kept = await repository.find(session, user_id)
        if kept is None or (self.lifetime and kept.checked_at <= now() - self.lifetime):
            return None
        return kept

    async def sweep(self, session: Session, limit: int) -> int:
        """See common.sweeps.Batch."""
        if self.lifetime is None:
            return 0
        at = now()
        due = await repository.lock_due(session, at - self.lifetime, limit)
        for one in due:
            if one.asked_at < at - UNASKED:
                await repository.forget(session, one.user_id)
            elif one.has_changed:
                await compute(session, one.user_id, asked_at=one.asked_at)
            else:
                await repository.note_checked(session, one.user_id, at)
        return len(due)


async def compute(session: Session, user_id: UUID, *, asked_at: datetime) -> Kept:
    """Three statements, however large the library."""
    at = now()
    counts = await repository.count(session, user_id)
    works = await repository.signals(session, user_id)
    profile = Profile(
        counts=counts,
        creators=rules.creators(works),
        genres=rules.genres(works),
        decades=rules.decades(works),
    )
    kept = Kept(
        id=new_id(),
        user_id=user_id,
        profile=profile,
        generated_at=at,
        checked_at=at,
        asked_at=asked_at,
    )
    return replace(kept, id=await repository.keep(session, kept))


def is_to_be_noted(kept: Kept, at: datetime) -> bool:
    """That the person asked for it."""
    return kept.asked_at < at - ASKED_AGAIN


async def note_asked(session: Session, user_id: UUID) -> None:
    await repository.note_asked(session, user_id, now())


async def forget_person(session: Session, user_id: UUID) -> None:
    await repository.forget(session, user_id)
