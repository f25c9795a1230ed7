"""MenuService: translate, open the transaction, call the use case."""

from dataclasses import dataclass
from typing import Any

from common import pages
from common.db import Database
from common.requests import current_caller, parse_time
from menus import service, texts
from menus.clients import CatalogClient
from menus.documents import service as documents
from menus.drafts import MenuChange, NewMenu
from menus.limits import DESCRIPTION_LENGTH, LARGEST_PAGE, USUAL_PAGE, Limits
from menus.messages import for_owner, once, own_menu, parse_course
from menus.models import Idempotency
from menus.snapshots import service as snapshots
from tastebuds.menus.v1 import menu_service_pb2 as pb
from tastebuds.menus.v1.menu_service_pb2_grpc import MenuServiceServicer


@dataclass(frozen=True, slots=True)
class MenuServicer(MenuServiceServicer):
    database: Database
    catalog: CatalogClient
    limits: Limits

    async def CreateMenu(
        self, request: pb.CreateMenuRequest, context: Any
    ) -> pb.CreateMenuResponse:
        draft = _parse_menu(request)
        attempt = once(request, request.idempotency_key)
        service.check_limits(draft.courses, self.limits)
        wanted = (item.media_item_id for item in draft.items())
        new_works = await snapshots.fetch_new(self.database, self.catalog, wanted)
        async with self.database.sessions.begin() as session:

            async def write() -> pb.CreateMenuResponse:
                document = await service.create_menu(
                    session,
                    owner_id=attempt.user_id,
                    draft=draft,
                    new_works=new_works,
                    limits=self.limits,
                )
                return pb.CreateMenuResponse(document=for_owner(document, attempt.user_id))

            return await attempt.run(session, Idempotency, write, pb.CreateMenuResponse)

    async def ListMenus(self, request: pb.ListMenusRequest, context: Any) -> pb.ListMenusResponse:
        owner_id = current_caller().user_id
        async with self.database.readers() as session:
            page = await documents.list_own(
                session,
                owner_id=owner_id,
                page_size=pages.page_size(
                    request.page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE
                ),
                after=pages.read_token(request.page_token),
            )
        return pb.ListMenusResponse(
            documents=[for_owner(document, owner_id) for document in page.documents],
            next_page_token=pages.write_token(page.after),
        )

    async def GetMenu(self, request: pb.GetMenuRequest, context: Any) -> pb.GetMenuResponse:
        own = own_menu(request)
        async with self.database.readers() as session:
            document = await documents.read_own(session, own=own)
        return pb.GetMenuResponse(document=for_owner(document, own.owner_id))

    async def UpdateMenu(
        self, request: pb.UpdateMenuRequest, context: Any
    ) -> pb.UpdateMenuResponse:
        own = own_menu(request)
        change = _parse_change(request)
        async with self.database.sessions.begin() as session:
            document = await service.update_menu(
                session, own=own, change=change, limits=self.limits
            )
        return pb.UpdateMenuResponse(document=for_owner(document, own.owner_id))

    async def DeleteMenu(
        self, request: pb.DeleteMenuRequest, context: Any
    ) -> pb.DeleteMenuResponse:
        async with self.database.sessions.begin() as session:
            await service.delete_menu(session, own=own_menu(request))
        return pb.DeleteMenuResponse()


def _parse_menu(request: pb.CreateMenuRequest) -> NewMenu:
    return NewMenu(
        title=texts.title("title", request.title),
        description=texts.text("description", request.description, DESCRIPTION_LENGTH),
        is_public=request.is_public,
        courses=[
            parse_course(course, f"courses[{index}].")
            for index, course in enumerate(request.courses)
        ],
    )


def _parse_change(request: pb.UpdateMenuRequest) -> MenuChange:
    return MenuChange(
        title=texts.title("title", request.title) if request.HasField("title") else None,
        description=(texts.text("description", request.description, DESCRIPTION_LENGTH),)
        if request.HasField("description")
        else None,
        is_public=request.is_public if request.HasField("is_public") else None,
        expected=parse_time(request, "expected_updated_at"),
    )
