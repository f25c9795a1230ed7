"""What sources showed to a person, for a few minutes."""

from datetime import timedelta
from uuid import UUID

from common.db import Reader, Session, now
from ingest.previews import repository
from ingest.previews.errors import PreviewExpired, PreviewNotFound
from ingest.previews.shown import OwnPreviews, Shown

# For so long it can be said that a preview has expired, and what was saved can be saved again.
EXPIRED_KEPT = timedelta(days=1)


async def read(session: Reader, *, user_id: UUID, preview_id: UUID) -> Shown:
    """Raises PreviewNotFound, PreviewExpired."""
    found = await repository.find(session, OwnPreviews(user_id, [preview_id]))
    shown = found.get(preview_id)
    if shown is None:
        raise PreviewNotFound(preview_id)
    if shown.expires_at <= now():
        raise PreviewExpired(preview_id)
    return shown


async def recall(session: Reader, *, user_id: UUID, preview_id: UUID) -> Shown | None:
    """None also when it has expired."""
    shown = (await repository.find(session, OwnPreviews(user_id, [preview_id]))).get(preview_id)
    return shown if shown is not None and shown.expires_at > now() else None


async def read_savable(session: Reader, *, own: OwnPreviews) -> list[Shown]:
    """In the order asked; what has expired only if it was saved before. Raises as `read` does."""
    found, at = await repository.find(session, own), now()
    for preview_id in own.preview_ids:
        shown = found.get(preview_id)
        if shown is None:
            raise PreviewNotFound(preview_id)
        if shown.expires_at <= at and shown.media_item_id is None:
            raise PreviewExpired(preview_id)
    return [found[preview_id] for preview_id in own.preview_ids]


async def sweep(session: Session, limit: int) -> int:
    at = now()
    return await repository.delete_expired(session, at - EXPIRED_KEPT, at, limit)


async def forget_user(session: Session, *, user_id: UUID) -> None:
    await repository.delete_of(session, user_id)
