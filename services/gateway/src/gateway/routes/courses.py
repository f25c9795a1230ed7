"""What a menu holds: courses and their items."""

from uuid import UUID

from fastapi import APIRouter, Depends

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.previews import works_of
from gateway.schemas.fields import IdempotencyKey
from gateway.schemas.menus import (
    Course,
    CourseChange,
    CourseItem,
    CourseItemChange,
    ItemOrder,
    Move,
    NewCourse,
    NewCourseItem,
)
from gateway.schemas.wire import timestamp
from tastebuds.menus.v1.course_service_pb2 import (
    AddCourseItemRequest,
    AddCourseRequest,
    DeleteCourseItemRequest,
    DeleteCourseRequest,
    MoveCourseItemRequest,
    ReorderCourseItemsRequest,
    UpdateCourseItemRequest,
    UpdateCourseRequest,
)

router = APIRouter(prefix="/api/menus/{menu_id}", tags=["menus"], dependencies=[Depends(signed_in)])

ADDED = problems({404: "Menu or media item not found", 409: "The key was used for something else"})
COURSE_FOUND = problems({404: "Course not found"})
COURSE_CURRENT = problems({404: "Course not found", 409: "The course was changed meanwhile"})
ITEM_FOUND = problems({404: "Course item not found"})
ITEM_CURRENT = problems({404: "Course item not found", 409: "The item was changed meanwhile"})


@router.post("/courses", status_code=201, summary="Add a course", responses=ADDED)
async def add_course(
    menu_id: UUID, body: NewCourse, api: Api, idempotency_key: IdempotencyKey = ""
) -> Course:
    """With items, if given."""
    works = await works_of(api, body.media_ids())
    reply = await api.courses.AddCourse(
        AddCourseRequest(
            menu_id=str(menu_id), course=body.to_wire(works), idempotency_key=idempotency_key
        ),
        **onward(),
    )
    return Course.of(reply.course)


@router.patch("/courses/{course_id}", summary="Change a course", responses=COURSE_CURRENT)
async def update_course(menu_id: UUID, course_id: UUID, body: CourseChange, api: Api) -> Course:
    """Fields left out stay as they are; a null description or intent is cleared."""
    reply = await api.courses.UpdateCourse(
        UpdateCourseRequest(
            menu_id=str(menu_id),
            course_id=str(course_id),
            expected_updated_at=timestamp(body.expected_updated_at),
            **body.changes("title", "description", "intent"),
        ),
        **onward(),
    )
    return Course.of(reply.course)


@router.delete(
    "/courses/{course_id}", status_code=204, summary="Delete a course", responses=COURSE_FOUND
)
async def delete_course(menu_id: UUID, course_id: UUID, api: Api) -> None:
    """With its items; the other courses keep their positions."""
    await api.courses.DeleteCourse(
        DeleteCourseRequest(menu_id=str(menu_id), course_id=str(course_id)), **onward()
    )


@router.post("/courses/{course_id}/items", status_code=201, summary="Add a work", responses=ADDED)
async def add_course_item(
    menu_id: UUID,
    course_id: UUID,
    body: NewCourseItem,
    api: Api,
    idempotency_key: IdempotencyKey = "",
) -> CourseItem:
    """To a course, at the end or where `position` says."""
    works = await works_of(api, [body.media_item_id])
    reply = await api.courses.AddCourseItem(
        AddCourseItemRequest(
            menu_id=str(menu_id),
            course_id=str(course_id),
            item=body.to_wire(works),
            idempotency_key=idempotency_key,
        ),
        **onward(),
    )
    return CourseItem.of(reply.item)


@router.post(
    "/courses/{course_id}/reorder-items",
    summary="Put the items in order",
    responses=COURSE_CURRENT | problems({400: "Item IDs must match the existing course items."}),
)
async def reorder_items(menu_id: UUID, course_id: UUID, body: ItemOrder, api: Api) -> Course:
    """Positions become 1 to n."""
    reply = await api.courses.ReorderCourseItems(
        ReorderCourseItemsRequest(
            menu_id=str(menu_id),
            course_id=str(course_id),
            course_item_ids=map(str, body.item_ids),
            expected_updated_at=timestamp(body.expected_updated_at),
        ),
        **onward(),
    )
    return Course.of(reply.course)


@router.patch("/course-items/{item_id}", summary="Change the notes", responses=ITEM_CURRENT)
async def update_course_item(
    menu_id: UUID, item_id: UUID, body: CourseItemChange, api: Api
) -> CourseItem:
    """Null clears them."""
    reply = await api.courses.UpdateCourseItem(
        UpdateCourseItemRequest(
            menu_id=str(menu_id),
            course_item_id=str(item_id),
            expected_updated_at=timestamp(body.expected_updated_at),
            **body.changes("notes"),
        ),
        **onward(),
    )
    return CourseItem.of(reply.item)


@router.delete(
    "/course-items/{item_id}", status_code=204, summary="Remove a work", responses=ITEM_FOUND
)
async def delete_course_item(menu_id: UUID, item_id: UUID, api: Api) -> None:
    """From its course; the other items keep their positions."""
    await api.courses.DeleteCourseItem(
        DeleteCourseItemRequest(menu_id=str(menu_id), course_item_id=str(item_id)), **onward()
    )


@router.post("/course-items/{item_id}/move", summary="Move a work", responses=ITEM_CURRENT)
async def move_course_item(menu_id: UUID, item_id: UUID, body: Move, api: Api) -> CourseItem:
    """To another course of the same menu."""
    reply = await api.courses.MoveCourseItem(
        MoveCourseItemRequest(
            menu_id=str(menu_id),
            course_item_id=str(item_id),
            target_course_id=str(body.course_id),
            position=body.position,
            expected_updated_at=timestamp(body.expected_updated_at),
        ),
        **onward(),
    )
    return CourseItem.of(reply.item)
