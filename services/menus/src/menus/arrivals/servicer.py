"""DraftService: what automatic senders add to menus of people who are not there."""

from dataclasses import dataclass
from typing import Any

from common.db import Database
from common.requests import parse_id
from menus import texts
from menus.arrivals import service
from menus.clients import CatalogClient
from menus.drafts import NewItem, OwnMenu
from menus.limits import NOTES_LENGTH, Limits
from menus.snapshots import service as snapshots
from tastebuds.menus.v1 import draft_service_pb2 as pb
from tastebuds.menus.v1.draft_service_pb2_grpc import DraftServiceServicer


@dataclass(frozen=True, slots=True)
class DraftServicer(DraftServiceServicer):
    database: Database
    catalog: CatalogClient
    limits: Limits

    async def AppendToDraft(
        self, request: pb.AppendToDraftRequest, context: Any
    ) -> pb.AppendToDraftResponse:
        own = OwnMenu(
            menu_id=parse_id("menu_id", request.menu_id),
            owner_id=parse_id("user_id", request.user_id),
        )
        course_id = parse_id("course_id", request.course_id) if request.course_id else None
        draft = NewItem(
            media_item_id=parse_id("media_item_id", request.media_item_id),
            notes=texts.text("notes", request.notes, NOTES_LENGTH),
            position=None,
        )
        new_works = await snapshots.fetch_new(self.database, self.catalog, [draft.media_item_id])
        async with self.database.sessions.begin() as session:
            arrival = await service.append(
                session,
                own=own,
                course_id=course_id,
                draft=draft,
                new_works=new_works,
                limits=self.limits,
            )
        return pb.AppendToDraftResponse(
            appended=arrival.is_new,
            menu_title=arrival.menu_title,
            course_title=arrival.course_title,
        )
