"""What anyone may read."""

from fastapi import APIRouter, Request, Response

from gateway.documentation import problems
from gateway.public_menus import PublishedMenu
from gateway.schemas.fields import Slug
from gateway.schemas.menus import PublicMenu

router = APIRouter(prefix="/api/public", tags=["public"])


@router.get(
    "/menus/{slug}",
    summary="Read a published menu",
    response_model=PublicMenu,
    responses=problems({404: "Menu not found"}) | {304: {"description": "You have it already"}},
)
@router.head("/menus/{slug}", include_in_schema=False)
async def get_public_menu(slug: Slug, request: Request) -> Response:
    """Send `If-None-Match` with the `ETag` of an earlier answer."""
    menu: PublishedMenu = await request.app.state.gateway.public_menu(slug)
    return menu.answer(request.method, request.headers.get("if-none-match"))
