"""CourseService, second half: the items of courses."""

from dataclasses import dataclass
from typing import Any

from common.db import Database
from common.requests import parse_id, parse_ids, parse_time
from menus import texts
from menus.clients import CatalogClient
from menus.drafts import ItemChange, Move
from menus.items import service
from menus.items.service import Target
from menus.limits import NOTES_LENGTH, Limits
from menus.messages import (
    course_message,
    item_message,
    once,
    own_menu,
    parse_item,
)
from menus.models import Idempotency
from menus.snapshots import service as snapshots
from tastebuds.menus.v1 import course_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class ItemRpcs:
    """The RPCs that CourseServicer inherits."""

    database: Database
    catalog: CatalogClient
    limits: Limits

    async def AddCourseItem(
        self, request: pb.AddCourseItemRequest, context: Any
    ) -> pb.AddCourseItemResponse:
        target = Target(own_menu(request), parse_id("course_id", request.course_id))
        draft = parse_item(request.item)
        attempt = once(request, request.idempotency_key)
        new_works = await snapshots.fetch_new(self.database, self.catalog, [draft.media_item_id])
        async with self.database.sessions.begin() as session:

            async def write() -> pb.AddCourseItemResponse:
                item = await service.add_item(
                    session, target=target, draft=draft, new_works=new_works, limits=self.limits
                )
                return pb.AddCourseItemResponse(item=item_message(item))

            return await attempt.run(session, Idempotency, write, pb.AddCourseItemResponse)

    async def UpdateCourseItem(
        self, request: pb.UpdateCourseItemRequest, context: Any
    ) -> pb.UpdateCourseItemResponse:
        notes = texts.text("notes", request.notes, NOTES_LENGTH)
        change = ItemChange(
            notes=(notes,) if request.HasField("notes") else None,
            expected=parse_time(request, "expected_updated_at"),
        )
        async with self.database.sessions.begin() as session:
            item = await service.update_item(
                session,
                own=own_menu(request),
                item_id=parse_id("course_item_id", request.course_item_id),
                change=change,
                limits=self.limits,
            )
        return pb.UpdateCourseItemResponse(item=item_message(item))

    async def DeleteCourseItem(
        self, request: pb.DeleteCourseItemRequest, context: Any
    ) -> pb.DeleteCourseItemResponse:
        async with self.database.sessions.begin() as session:
            await service.delete_item(
                session,
                own=own_menu(request),
                item_id=parse_id("course_item_id", request.course_item_id),
            )
        return pb.DeleteCourseItemResponse()

    async def ReorderCourseItems(
        self, request: pb.ReorderCourseItemsRequest, context: Any
    ) -> pb.ReorderCourseItemsResponse:
        target = Target(own_menu(request), parse_id("course_id", request.course_id))
        item_ids = parse_ids(
            "course_item_ids", request.course_item_ids, self.limits.items_per_course
        )
        expected = parse_time(request, "expected_updated_at")
        async with self.database.sessions.begin() as session:
            course = await service.reorder_items(
                session, target=target, item_ids=item_ids, expected=expected
            )
        return pb.ReorderCourseItemsResponse(course=course_message(course))

    async def MoveCourseItem(
        self, request: pb.MoveCourseItemRequest, context: Any
    ) -> pb.MoveCourseItemResponse:
        move = Move(
            target_course_id=parse_id("target_course_id", request.target_course_id),
            position=request.position if request.HasField("position") else None,
            expected=parse_time(request, "expected_updated_at"),
        )
        async with self.database.sessions.begin() as session:
            item = await service.move_item(
                session,
                own=own_menu(request),
                item_id=parse_id("course_item_id", request.course_item_id),
                move=move,
                limits=self.limits,
            )
        return pb.MoveCourseItemResponse(item=item_message(item))
