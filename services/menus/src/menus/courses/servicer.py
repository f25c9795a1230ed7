"""CourseService, first half: courses. Translate, open the transaction, call the use case."""

from dataclasses import dataclass
from typing import Any

from common.db import Database
from common.requests import parse_id, parse_ids, parse_time
from menus import texts
from menus.clients import CatalogClient
from menus.courses import service
from menus.drafts import CourseChange
from menus.items.servicer import ItemRpcs
from menus.limits import DESCRIPTION_LENGTH, Limits
from menus.messages import course_message, for_owner, once, own_menu, parse_course
from menus.models import Idempotency
from menus.service import check_limits
from menus.snapshots import service as snapshots
from tastebuds.menus.v1 import course_service_pb2 as pb
from tastebuds.menus.v1.course_service_pb2_grpc import CourseServiceServicer


@dataclass(frozen=True, slots=True)
class CourseServicer(ItemRpcs, CourseServiceServicer):
    database: Database
    catalog: CatalogClient
    limits: Limits

    async def AddCourse(self, request: pb.AddCourseRequest, context: Any) -> pb.AddCourseResponse:
        own = own_menu(request)
        draft = parse_course(request.course)
        attempt = once(request, request.idempotency_key)
        check_limits([draft], self.limits)
        wanted = (item.media_item_id for item in draft.items)
        new_works = await snapshots.fetch_new(self.database, self.catalog, wanted)
        async with self.database.sessions.begin() as session:

            async def write() -> pb.AddCourseResponse:
                course = await service.add_course(
                    session, own=own, draft=draft, new_works=new_works, limits=self.limits
                )
                return pb.AddCourseResponse(course=course_message(course))

            return await attempt.run(session, Idempotency, write, pb.AddCourseResponse)

    async def UpdateCourse(
        self, request: pb.UpdateCourseRequest, context: Any
    ) -> pb.UpdateCourseResponse:
        change = _parse_change(request)
        async with self.database.sessions.begin() as session:
            course = await service.update_course(
                session,
                own=own_menu(request),
                course_id=parse_id("course_id", request.course_id),
                change=change,
                limits=self.limits,
            )
        return pb.UpdateCourseResponse(course=course_message(course))

    async def DeleteCourse(
        self, request: pb.DeleteCourseRequest, context: Any
    ) -> pb.DeleteCourseResponse:
        async with self.database.sessions.begin() as session:
            await service.delete_course(
                session,
                own=own_menu(request),
                course_id=parse_id("course_id", request.course_id),
            )
        return pb.DeleteCourseResponse()

    async def ReorderCourses(
        self, request: pb.ReorderCoursesRequest, context: Any
    ) -> pb.ReorderCoursesResponse:
        own = own_menu(request)
        course_ids = parse_ids("course_ids", request.course_ids, self.limits.courses_per_menu)
        expected = parse_time(request, "expected_updated_at")
        async with self.database.sessions.begin() as session:
            document = await service.reorder_courses(
                session, own=own, course_ids=course_ids, expected=expected
            )
        return pb.ReorderCoursesResponse(document=for_owner(document, own.owner_id))


def _parse_change(request: pb.UpdateCourseRequest) -> CourseChange:
    return CourseChange(
        title=texts.title("title", request.title) if request.HasField("title") else None,
        description=(texts.text("description", request.description, DESCRIPTION_LENGTH),)
        if request.HasField("description")
        else None,
        intent=(texts.text("intent", request.intent, DESCRIPTION_LENGTH),)
        if request.HasField("intent")
        else None,
        expected=parse_time(request, "expected_updated_at"),
    )
