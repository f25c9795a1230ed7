"""The catalogue, its library and the menus, as ingest calls them."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, assert_never
from uuid import UUID

import orjson
from grpc import StatusCode
from grpc.aio import AioRpcError, Channel

from common.access import services_of
from common.errors import DomainError, Kind
from common.grpc_client import create_channel
from common.grpc_errors import from_rpc_error
from common.requests import onward
from common.timestamps import timestamp
from ingest.drafts import (
    AvailabilityDraft,
    BookDraft,
    Extension,
    GameDraft,
    MediaDraft,
    MediaType,
    MusicDraft,
    ScreenDraft,
    Source,
)
from tastebuds.auth.v1 import key_service_pb2
from tastebuds.catalog.v1 import (
    availability_pb2,
    availability_service_pb2,
    library_pb2,
    library_service_pb2,
    media_pb2,
    media_service_pb2,
)
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceStub
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub
from tastebuds.menus.v1 import draft_service_pb2, menu_service_pb2
from tastebuds.menus.v1.draft_service_pb2_grpc import DraftServiceStub
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceStub

CALLED = {
    "auth": services_of(key_service_pb2.DESCRIPTOR),
    "catalog": services_of(media_service_pb2.DESCRIPTOR, library_service_pb2.DESCRIPTOR),
    "menus": services_of(draft_service_pb2.DESCRIPTOR, menu_service_pb2.DESCRIPTOR),
}
MEDIA_TYPES = {
    MediaType.BOOK: media_pb2.MEDIA_TYPE_BOOK,
    MediaType.MOVIE: media_pb2.MEDIA_TYPE_MOVIE,
    MediaType.TV: media_pb2.MEDIA_TYPE_TV,
    MediaType.GAME: media_pb2.MEDIA_TYPE_GAME,
    MediaType.MUSIC: media_pb2.MEDIA_TYPE_MUSIC,
}
# Somebody waits for what they searched.
MATCH_SECONDS = 1.5

Reply = TypeVar("Reply")


@asynccontextmanager
async def connect(
    targets: Mapping[str, str], tls_dir: Path
) -> AsyncIterator[Mapping[str, Channel]]:
    """A channel to each service that ingest calls, by its name."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                create_channel(name, targets[name], tls_dir, services)
            )
            for name, services in CALLED.items()
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """An item as the catalogue holds it."""

    item: media_pb2.MediaItem
    sources: list[media_pb2.MediaSource]


class Match(NamedTuple):
    """A work that a draft is, without its extension; `in_library` of the request's person."""

    item: media_pb2.MediaItem
    reason: "media_service_pb2.MatchReason.ValueType"
    in_library: bool


class StaleBefore(NamedTuple):
    """Records fetched before are stale; of works that people have, those before `used` too."""

    records: datetime
    used: datetime | None


class CatalogClient:
    """Raises what the catalogue refuses for good, and AioRpcError while it is away."""

    def __init__(self, channel: Channel) -> None:
        self._media = MediaServiceStub(channel)

    async def find(self, source: Source, external_id: str) -> Stored | None:
        request = media_service_pb2.FindMediaBySourceRequest(
            source_name=source, external_id=external_id
        )
        reply = await _found(self._media.FindMediaBySource(request, **onward()))
        return Stored(reply.item, list(reply.sources)) if reply else None

    async def get(self, media_item_id: UUID) -> Stored | None:
        """The survivor of a work that was merged into another."""
        request = media_service_pb2.GetMediaRequest(media_item_id=str(media_item_id))
        reply = await _found(self._media.GetMedia(request, **onward()))
        return Stored(reply.item, list(reply.sources)) if reply else None

    async def upsert(self, draft: MediaDraft, *, refresh: bool) -> Stored:
        request = media_service_pb2.UpsertMediaRequest(draft=to_proto(draft), refresh=refresh)
        reply = await _answer(self._media.UpsertMedia(request, **onward()))
        return Stored(reply.item, list(reply.sources))

    async def match(self, drafts: Sequence[MediaDraft]) -> Mapping[int, Match]:
        """Those of at most 100 drafts that are works of the catalogue, by their index.

        None when the catalogue does not say, for whatever reason: a search can do without.
        """
        request = media_service_pb2.MatchMediaRequest(drafts=map(to_proto, drafts))
        try:
            reply = await self._media.MatchMedia(request, **onward(MATCH_SECONDS))
        except AioRpcError:
            return {}
        return {
            each.index: Match(each.item, each.reason, each.in_library) for each in reply.matches
        }

    async def claim_stale(self, source: Source, due: StaleBefore, limit: int) -> Sequence[str]:
        """External ids of records to fetch again; nobody else is told of them for a day."""
        request = media_service_pb2.ClaimStaleMediaRequest(
            source_name=source,
            fetched_before=timestamp(due.records),
            used_fetched_before=timestamp(due.used) if due.used else None,
            limit=limit,
        )
        reply = await _answer(self._media.ClaimStaleMedia(request, **onward()))
        return list(reply.external_ids)


class Activity(StrEnum):
    """What a person did with a work; the contract says what follows from each."""

    ACQUIRED = "acquired"
    STARTED = "started"
    PROGRESSED = "progressed"
    FINISHED = "finished"
    UNDONE = "undone"
    NOTED = "noted"
    TAGGED = "tagged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An activity of one person; what has the same key is done once, for ever."""

    user_id: UUID
    media_item_id: UUID
    activity: Activity
    key: str
    occurred_at: datetime | None = None
    notes: str = ""
    tags: Sequence[str] = ()


class Standing(NamedTuple):
    """How a person stands to a work, such as "currently consuming"; "" for not at all.

    Not `is_new` when an activity changed nothing; `in_diary` when there is an entry of it, now or
    from an earlier try.
    """

    status: str
    is_new: bool
    in_diary: bool
    finished_at: datetime | None = None


class LibraryClient:
    def __init__(self, channel: Channel) -> None:
        self._library = LibraryServiceStub(channel)

    async def record_activity(self, deed: Deed) -> Standing:
        """Raises what the library refuses for good, and AioRpcError while it is away."""
        request = library_service_pb2.RecordActivityRequest(
            user_id=str(deed.user_id),
            media_item_id=str(deed.media_item_id),
            activity=library_service_pb2.Activity.Value(f"ACTIVITY_{deed.activity.name}"),
            occurred_at=timestamp(deed.occurred_at) if deed.occurred_at else None,
            notes=deed.notes,
            tags=deed.tags,
            idempotency_key=deed.key,
        )
        reply = await _answer(self._library.RecordActivity(request, **onward()))
        if not reply.HasField("state"):
            return Standing("", reply.changed, reply.in_diary)
        name = library_pb2.ConsumptionStatus.Name(reply.state.status)
        status = name.removeprefix("CONSUMPTION_STATUS_").replace("_", " ").lower()
        state = reply.state
        finished_at = state.finished_at.ToDatetime(UTC) if state.HasField("finished_at") else None
        return Standing(status, reply.changed, reply.in_diary, finished_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A work for a course of a person's draft menu; without `course_id`, for its last one."""

    user_id: UUID
    menu_id: UUID
    course_id: UUID | None
    media_item_id: UUID
    notes: str = ""


class Appended(NamedTuple):
    """Where the work stands; not `is_new` when it stood there before."""

    menu_title: str
    course_title: str
    is_new: bool


class DraftsClient:
    def __init__(self, channel: Channel) -> None:
        self._drafts = DraftServiceStub(channel)

    async def append(self, addition: Addition) -> Appended:
        """Raises what menus refuse for good, and AioRpcError while they are away."""
        request = draft_service_pb2.AppendToDraftRequest(
            user_id=str(addition.user_id),
            menu_id=str(addition.menu_id),
            course_id=str(addition.course_id) if addition.course_id else "",
            media_item_id=str(addition.media_item_id),
            notes=addition.notes,
        )
        reply = await _answer(self._drafts.AppendToDraft(request, **onward()))
        return Appended(reply.menu_title, reply.course_title, reply.appended)


class OwnMenu(NamedTuple):
    is_public: bool
    course_ids: frozenset[UUID]


class MenusClient:
    """The menus of the person whom the current request is for."""

    def __init__(self, channel: Channel) -> None:
        self._menus = MenuServiceStub(channel)

    async def find(self, menu_id: UUID) -> OwnMenu | None:
        """Raises AioRpcError while the menus are away."""
        request = menu_service_pb2.GetMenuRequest(menu_id=str(menu_id))
        reply = await _found(self._menus.GetMenu(request, **onward()))
        if reply is None:
            return None
        menu = orjson.loads(reply.document)
        courses = frozenset(UUID(course["id"]) for course in menu["courses"])
        return OwnMenu(menu["is_public"], courses)


async def _answer(call: Awaitable[Reply]) -> Reply:
    try:
        return await call
    except AioRpcError as error:
        raise _refusal(error) or error from error


async def _found(call: Awaitable[Reply]) -> Reply | None:
    """None when the callee has no such thing."""
    try:
        return await call
    except AioRpcError as error:
        if error.code() is StatusCode.NOT_FOUND:
            return None
        raise _refusal(error) or error from error


def _refusal(error: AioRpcError) -> DomainError | None:
    """The callee's decision; None when it is away or broken, which another try may find mended."""
    refusal = from_rpc_error(error)
    return None if refusal is None or refusal.kind is Kind.UNAVAILABLE else refusal


def to_proto(draft: MediaDraft) -> media_service_pb2.MediaDraft:
    item = media_pb2.MediaItem(
        media_type=MEDIA_TYPES[draft.media_type],
        title=draft.title,
        subtitle=draft.subtitle,
        description=draft.description,
        release_date=draft.release_date.isoformat() if draft.release_date else None,
        cover_image_url=draft.cover_image_url,
        canonical_url=draft.canonical_url,
        metadata_json=orjson.dumps(draft.metadata).decode() if draft.metadata else None,
    )
    _set_extension(item, draft)
    return media_service_pb2.MediaDraft(
        item=item,
        source_name=draft.source_name,
        external_id=draft.external_id,
        source_url=draft.source_url,
        raw_payload=draft.raw_payload,
        popularity=draft.popularity,
        availability=[_availability(each) for each in draft.availability or ()],
        has_availability=draft.availability is not None,
    )


def _availability(draft: AvailabilityDraft) -> availability_service_pb2.NewAvailability:
    return availability_service_pb2.NewAvailability(
        provider=draft.provider,
        region=draft.region,
        format=draft.format,
        status=availability_pb2.AVAILABILITY_STATUS_AVAILABLE,
        deeplink_url=draft.deeplink_url,
    )


def _set_extension(item: media_pb2.MediaItem, draft: MediaDraft) -> None:
    match draft.extension:
        case BookDraft() as book:
            item.book.CopyFrom(media_pb2.Book(**_fields(book)))
        case ScreenDraft() as screen:
            item.screen.CopyFrom(media_pb2.Screen(**_fields(screen)))
        case GameDraft() as game:
            item.game.CopyFrom(media_pb2.Game(**_fields(game)))
        case MusicDraft() as music:
            item.music.CopyFrom(media_pb2.Music(**_fields(music)))
        case _:
            assert_never(draft.extension)


def _fields(extension: Extension) -> dict[str, Any]:
    """The draft's fields are called as the message's; a test holds them together."""
    return {each.name: getattr(extension, each.name) for each in fields(extension)}
