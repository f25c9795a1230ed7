"""Menus that works are appended to."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import orjson
from grpc.aio import Channel

from common.requests import onward
from ingest.clients.answers import answer, found
from tastebuds.menus.v1 import draft_service_pb2, menu_service_pb2
from tastebuds.menus.v1.draft_service_pb2_grpc import DraftServiceStub
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceStub


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A work for a course of a person's draft menu; without `course_id`, for its last one."""

    user_id: UUID
    menu_id: UUID
    course_id: UUID | None
    media_item_id: UUID


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
        )
        reply = await answer(self._drafts.AppendToDraft(request, **onward()))
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
        reply = await found(self._menus.GetMenu(request, **onward()))
        if reply is None:
            return None
        menu = orjson.loads(reply.document)
        courses = frozenset(UUID(course["id"]) for course in menu["courses"])
        return OwnMenu(menu["is_public"], courses)
