"""PublicMenuService: what anyone may read."""

from dataclasses import dataclass
from typing import Any

from common.db import Database
from menus.documents import service
from tastebuds.menus.v1 import public_menu_service_pb2 as pb
from tastebuds.menus.v1.public_menu_service_pb2_grpc import PublicMenuServiceServicer


@dataclass(frozen=True, slots=True)
class PublicMenuServicer(PublicMenuServiceServicer):
    database: Database

    async def GetPublicMenu(
        self, request: pb.GetPublicMenuRequest, context: Any
    ) -> pb.GetPublicMenuResponse:
        async with self.database.readers() as session:
            found = await service.read_public(session, slug=request.slug)
        return pb.GetPublicMenuResponse(document=found.document, etag=found.etag)
