"""A person's own menus."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from common.requests import onward
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.paging import offer_next
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


@router.get("", summary="List your menus")
async def list_menus(
    request: Request, response: Response, api: Api, limit: Limit = 50, cursor: Cursor = ""
) -> list[Menu]:
    """With their courses and items, newest first."""
    reply = await api.menus.ListMenus(
        ListMenusRequest(page_size=limit, page_token=cursor), **onward()
    )
    offer_next(request, response, reply.next_page_token)
    return [Menu.of(menu) for menu in reply.menus]


@router.post(
    "",
    status_code=201,
    summary="Create a menu",
    responses=problems({404: "Media item not found", 409: "The key was used for something else"}),
)
async def create_menu(body: NewMenu, api: Api, idempotency_key: IdempotencyKey = "") -> Menu:
    """With its courses and items, all or nothing."""
    reply = await api.menus.CreateMenu(
        CreateMenuRequest(
            title=body.title,
            description=body.description or None,
            is_public=body.is_public,
            courses=[course.to_wire() for course in body.courses],
            idempotency_key=idempotency_key,
        ),
        **onward(),
    )
    return Menu.of(reply.menu)


@router.get("/{menu_id}", summary="Read a menu", responses=FOUND)
async def get_menu(menu_id: UUID, api: Api) -> Menu:
    """One of your own; others are read under their public address."""
    reply = await api.menus.GetMenu(GetMenuRequest(menu_id=str(menu_id)), **onward())
    return Menu.of(reply.menu)


@router.patch("/{menu_id}", summary="Change a menu", responses=CURRENT)
async def update_menu(menu_id: UUID, body: MenuChange, api: Api) -> Menu:
    """Fields left out stay as they are; a null description is cleared."""
    reply = await api.menus.UpdateMenu(
        UpdateMenuRequest(
            menu_id=str(menu_id),
            expected_updated_at=timestamp(body.expected_updated_at),
            **body.changes("title", "description", "is_public"),
        ),
        **onward(),
    )
    return Menu.of(reply.menu)


@router.delete("/{menu_id}", status_code=204, summary="Delete a menu", responses=FOUND)
async def delete_menu(menu_id: UUID, api: Api) -> None:
    """With all it holds."""
    await api.menus.DeleteMenu(DeleteMenuRequest(menu_id=str(menu_id)), **onward())


@router.post("/{menu_id}/publish", summary="Publish a menu", responses=FOUND)
async def publish_menu(menu_id: UUID, api: Api) -> Menu:
    """Anyone may then read it under its slug."""
    reply = await api.menus.UpdateMenu(
        UpdateMenuRequest(menu_id=str(menu_id), is_public=True), **onward()
    )
    return Menu.of(reply.menu)


@router.post("/{menu_id}/unpublish", summary="Withdraw a menu", responses=FOUND)
async def unpublish_menu(menu_id: UUID, api: Api) -> Menu:
    """Its public address answers 404 from then on."""
    reply = await api.menus.UpdateMenu(
        UpdateMenuRequest(menu_id=str(menu_id), is_public=False), **onward()
    )
    return Menu.of(reply.menu)


@router.post(
    "/{menu_id}/courses/reorder",
    summary="Put the courses in order",
    responses=CURRENT | problems({400: "Not exactly the courses of the menu"}),
)
async def reorder_courses(menu_id: UUID, body: CourseOrder, api: Api) -> Menu:
    """Positions become 1 to n."""
    reply = await api.courses.ReorderCourses(
        ReorderCoursesRequest(
            menu_id=str(menu_id),
            course_ids=map(str, body.course_ids),
            expected_updated_at=timestamp(body.expected_updated_at),
        ),
        **onward(),
    )
    return Menu.of(reply.menu)
