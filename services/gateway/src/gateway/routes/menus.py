"""A person's own menus."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
from gateway.previews import works_of
from gateway.schemas.fields import Cursor, IdempotencyKey, Limit
from gateway.schemas.menus import CourseOrder, Menu, MenuChange, NewMenu
from gateway.schemas.wire import timestamp
from tastebuds.menus.v1.course_service_pb2 import ReorderCoursesRequest
from tastebuds.menus.v1.menu_service_pb2 import (
    CreateMenuRequest,
    DeleteMenuRequest,
    GetMenuRequest,
    ListMenusRequest,
    UpdateMenuRequest,
)

router = APIRouter(prefix="/api/menus", tags=["menus"], dependencies=[Depends(signed_in)])

FOUND = problems({404: "Menu not found"})
CURRENT = problems({404: "Menu not found", 409: "The menu was changed meanwhile"})


def _finished(document: bytes, status: int = 200) -> Response:
    """Menus arrive as the bytes that clients get."""
    return Response(document, status, media_type="application/json")


@router.get("", summary="List your menus", response_model=list[Menu])
async def list_menus(
    request: Request, api: Api, limit: Limit = 50, cursor: Cursor = ""
) -> Response:
    """With their courses and items, newest first."""
    reply = await api.menus.ListMenus(
        ListMenusRequest(page_size=limit, page_token=cursor), **onward()
    )
    answer = _finished(b"[%b]" % b",".join(reply.documents))
    offer_next(request, answer, reply.next_page_token)
    return answer


@router.post(
    "",
    status_code=201,
    summary="Create a menu",
    response_model=Menu,
    responses=problems({404: "Media item not found", 409: "The key was used for something else"}),
)
async def create_menu(body: NewMenu, api: Api, idempotency_key: IdempotencyKey = "") -> Response:
    """With its courses and items, all or nothing."""
    works = await works_of(api, body.media_ids())
    reply = await api.menus.CreateMenu(
        CreateMenuRequest(
            title=body.title,
            description=body.description or None,
            is_public=body.is_public,
            courses=[course.to_wire(works) for course in body.courses],
            idempotency_key=idempotency_key,
        ),
        **onward(),
    )
    return _finished(reply.document, 201)


@router.get("/{menu_id}", summary="Read a menu", response_model=Menu, responses=FOUND)
async def get_menu(menu_id: UUID, api: Api) -> Response:
    """One of your own; others are read under their public address."""
    reply = await api.menus.GetMenu(GetMenuRequest(menu_id=str(menu_id)), **onward())
    return _finished(reply.document)


@router.patch("/{menu_id}", summary="Change a menu", response_model=Menu, responses=CURRENT)
async def update_menu(menu_id: UUID, body: MenuChange, api: Api) -> Response:
    """Fields left out stay as they are; a null description is cleared."""
    reply = await api.menus.UpdateMenu(
        UpdateMenuRequest(
            menu_id=str(menu_id),
            expected_updated_at=timestamp(body.expected_updated_at),
            **body.changes("title", "description", "is_public"),
        ),
        **onward(),
    )
    return _finished(reply.document)


@router.delete("/{menu_id}", status_code=204, summary="Delete a menu", responses=FOUND)
async def delete_menu(menu_id: UUID, api: Api) -> None:
    """With all it holds."""
    await api.menus.DeleteMenu(DeleteMenuRequest(menu_id=str(menu_id)), **onward())


@router.post("/{menu_id}/publish", summary="Publish a menu", response_model=Menu, responses=FOUND)
async def publish_menu(menu_id: UUID, api: Api) -> Response:
    """Anyone may then read it under its slug."""
    reply = await api.menus.UpdateMenu(
        UpdateMenuRequest(menu_id=str(menu_id), is_public=True), **onward()
    )
    return _finished(reply.document)


@router.post(
    "/{menu_id}/unpublish", summary="Withdraw a menu", response_model=Menu, responses=FOUND
)
async def unpublish_menu(menu_id: UUID, api: Api) -> Response:
    """Its public address answers 404 from then on."""
    reply = await api.menus.UpdateMenu(
        UpdateMenuRequest(menu_id=str(menu_id), is_public=False), **onward()
    )
    return _finished(reply.document)


@router.post(
    "/{menu_id}/courses/reorder",
    summary="Put the courses in order",
    response_model=Menu,
    responses=CURRENT | problems({400: "Not exactly the courses of the menu"}),
)
async def reorder_courses(menu_id: UUID, body: CourseOrder, api: Api) -> Response:
    """Positions become 1 to n."""
    reply = await api.courses.ReorderCourses(
        ReorderCoursesRequest(
            menu_id=str(menu_id),
            course_ids=map(str, body.course_ids),
            expected_updated_at=timestamp(body.expected_updated_at),
        ),
        **onward(),
    )
    return _finished(reply.document)
