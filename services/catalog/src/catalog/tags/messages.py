"""Tags on the wire."""

import base64
from collections.abc import Iterable
from uuid import UUID

from catalog.tags.errors import InvalidTag
from catalog.tags.names import Attached, NameMark, Page, Person, Tag
from common.pages import InvalidPage
from common.requests import current_caller, parse_ids
from tastebuds.catalog.v1 import tag_service_pb2 as pb

MOST_IDS = 500
ID_BYTES = 16


def to_person() -> Person:
    caller = current_caller()
    return Person(caller.user_id, caller.is_admin)


def to_media_item_ids(values: Iterable[str]) -> list[UUID]:
    ids = parse_ids("media_item_ids", values, MOST_IDS)
    if not ids:
        raise InvalidTag("media_item_ids", "must name at least one work")
    return ids


def from_tag(tag: Tag) -> pb.Tag:
    return pb.Tag(
        id=str(tag.id), name=tag.name, is_shared=tag.is_shared, media_count=tag.media_count
    )


def from_page(page: Page) -> pb.ListTagsResponse:
    return pb.ListTagsResponse(
        tags=map(from_tag, page.tags), next_page_token=_write_token(page.after)
    )


def from_attached(attached: Attached) -> pb.AttachTagResponse:
    return pb.AttachTagResponse(tag=from_tag(attached.tag), attached_count=attached.count)


def from_media_tags(media_item_id: UUID, tags: Iterable[Tag]) -> pb.MediaTags:
    return pb.MediaTags(media_item_id=str(media_item_id), tags=map(from_tag, tags))


def _write_token(last: NameMark | None) -> str:
    """Empty when nothing follows."""
    if last is None:
        return ""
    return base64.urlsafe_b64encode(last.id.bytes + last.name.encode()).decode()


def read_token(token: str) -> NameMark | None:
    if not token:
        return None
    try:
        content = base64.b64decode(token, altchars=b"-_", validate=True)
        last = NameMark(content[ID_BYTES:].decode(), UUID(bytes=content[:ID_BYTES]))
    except ValueError:
        last = None
    # Postgres would refuse the NUL that no stored name has.
    if last is None or "\0" in last.name:
        raise InvalidPage("page_token", "a token that a list gave")
    return last
