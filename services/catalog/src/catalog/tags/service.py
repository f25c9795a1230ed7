"""What one does with tags."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from catalog.tags import repository
from catalog.tags.errors import (
    InvalidTag,
    MediaItemNotAvailable,
    NoTagToDetach,
    SharedTagsAreForAdmins,
    TagNotAssigned,
    TagNotAvailable,
    TagNotFound,
    TooManyTags,
)
from catalog.tags.names import Attached, NameMark, Page, Person, Tag
from common import pages
from common.db import Reader, Session

USUAL_TAGS, MOST_TAGS = 500, 1000


async def list_tags(
    session: Reader, *, user_id: UUID, after: NameMark | None, page_size: int
) -> Page:
    """One statement."""
    take = pages.page_size(page_size, usual=USUAL_TAGS, largest=MOST_TAGS)
    return await repository.page_of_tags(session, user_id, after, take)


async def create_tag(session: Session, *, person: Person, name: str, is_shared: bool) -> Tag:
    """One statement."""
    if is_shared and not person.is_admin:
        raise SharedTagsAreForAdmins
    tag_id = await repository.add_tag(session, None if is_shared else person.id, name)
    if tag_id is None:
        raise TooManyTags(repository.MOST_OWN)
    return Tag(id=tag_id, name=name, is_shared=is_shared, media_count=0)


async def rename_tag(session: Session, *, person: Person, tag_id: UUID, name: str) -> Tag:
    """One statement."""
    tag = await repository.rename_tag(session, person, tag_id, name)
    if tag is None:
        raise TagNotFound(tag_id)
    return tag


async def delete_tag(session: Session, *, person: Person, tag_id: UUID) -> None:
    """One statement."""
    if not await repository.delete_tag(session, person, tag_id):
        raise TagNotFound(tag_id)


async def merge_tags(session: Session, *, person: Person, tag_id: UUID, into_tag_id: UUID) -> Tag:
    """Three statements."""
    if tag_id == into_tag_id:
        raise InvalidTag("into_tag_id", "must be another tag")
    known = await repository.lock_edited(session, person, tag_id, into_tag_id)
    for wanted in (tag_id, into_tag_id):
        if wanted not in known:
            raise TagNotFound(wanted)
    if known[tag_id] and not known[into_tag_id]:  # it would vanish for everybody else
        raise InvalidTag("into_tag_id", "must be a shared tag, as the other one is")
    await repository.merge_tags(session, tag_id, into_tag_id)
    return await _get(session, into_tag_id)


async def attach(
    session: Session, *, person: Person, tag_id: UUID, media_item_ids: Sequence[UUID]
) -> Attached:
    """Three statements for any number of works: all of them are tagged, or none."""
    await _hold(session, person, tag_id, TagNotAvailable)
    known, attached = await repository.attach(session, tag_id, media_item_ids)
    if known < len(set(media_item_ids)):
        raise MediaItemNotAvailable
    return Attached(await _get(session, tag_id), attached)


async def detach(
    session: Session, *, person: Person, tag_id: UUID, media_item_ids: Sequence[UUID]
) -> int:
    """Two statements. From how many of the works the tag was taken."""
    await _hold(session, person, tag_id, NoTagToDetach)
    detached = await repository.detach(session, tag_id, media_item_ids)
    if not detached:
        raise TagNotAssigned(tag_id)
    return detached


async def _hold(
    session: Session, person: Person, tag_id: UUID, missing: type[TagNotAvailable]
) -> None:
    """The tag stays until the commit."""
    is_shared = await repository.hold_seen(session, person.id, tag_id)
    if is_shared is None:
        raise missing(tag_id)
    if is_shared and not person.is_admin:
        raise SharedTagsAreForAdmins


async def _get(session: Session, tag_id: UUID) -> Tag:
    tag = await repository.find_tag(session, tag_id)
    if tag is None:
        raise TagNotFound(tag_id)
    return tag


async def tags_of(
    session: Reader, *, user_id: UUID, media_item_ids: Sequence[UUID]
) -> Mapping[UUID, list[Tag]]:
    """One statement; none for no works. Works without tags are left out."""
    if not media_item_ids:
        return {}
    return await repository.tags_of(session, user_id, media_item_ids)


async def forget_person(session: Session, user_id: UUID) -> None:
    """Their own tags go, also from works; the shared ones stay."""
    await repository.forget_person(session, user_id)
