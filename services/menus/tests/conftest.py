"""The menus service behind its real door, with a small real catalogue beside it."""

from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import grpc
import pytest
from sqlalchemy import select, text

from common import db
from common.access import services_of
from common.db import new_id
from common.grpc_errors import from_rpc_error
from menus import repository
from menus.arrivals.servicer import DraftServicer
from menus.clients import CatalogClient
from menus.courses.servicer import CourseServicer
from menus.documents.document import build
from menus.documents.servicer import PublicMenuServicer
from menus.limits import Limits
from menus.models import Base, Outbox
from menus.servicer import MenuServicer
from tastebuds.catalog.v1 import media_pb2, media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import (
    MediaServiceServicer,
    add_MediaServiceServicer_to_server,
)
from tastebuds.menus.v1 import course_service_pb2 as courses_pb
from tastebuds.menus.v1 import draft_service_pb2 as drafts_pb
from tastebuds.menus.v1 import menu_service_pb2 as menus_pb
from tastebuds.menus.v1 import public_menu_service_pb2 as public_pb
from tastebuds.menus.v1.course_service_pb2_grpc import (
    CourseServiceStub,
    add_CourseServiceServicer_to_server,
)
from tastebuds.menus.v1.draft_service_pb2_grpc import add_DraftServiceServicer_to_server
from tastebuds.menus.v1.menu_service_pb2_grpc import (
    MenuServiceStub,
    add_MenuServiceServicer_to_server,
)
from tastebuds.menus.v1.public_menu_service_pb2_grpc import (
    PublicMenuServiceStub,
    add_PublicMenuServiceServicer_to_server,
)

from .documents import read

SERVICES = services_of(
    menus_pb.DESCRIPTOR, courses_pb.DESCRIPTOR, drafts_pb.DESCRIPTOR, public_pb.DESCRIPTOR
)
SECONDS = 20


class Catalogue(MediaServiceServicer):
    """Knows what it was told; `calls` are the ids of each BatchGetMedia."""

    def __init__(self):
        self.items = {}
        self.absorbed = {}
        self.calls = []

    def add(self, title="Dune", **fields):
        item = media_pb2.MediaItem(
            id=str(new_id()), title=title, media_type=media_pb2.MEDIA_TYPE_BOOK, **fields
        )
        item.updated_at.GetCurrentTime()
        self.items[item.id] = item
        return item.id

    def add_many(self, count):
        return [self.add(f"Work {number}") for number in range(count)]

    async def BatchGetMedia(self, request, context):
        self.calls.append(list(request.media_item_ids))
        survivors = {
            id_: self.absorbed[id_] for id_ in request.media_item_ids if id_ in self.absorbed
        }
        asked = dict.fromkeys(survivors.get(id_, id_) for id_ in request.media_item_ids)
        known = [self.items[id_] for id_ in asked if id_ in self.items]
        return media_service_pb2.BatchGetMediaResponse(items=known, survivors=survivors)


@dataclass
class Person:
    """Somebody who edits menus through the gateway."""

    id: UUID
    menus: MenuServiceStub
    courses: CourseServiceStub
    metadata: tuple

    async def call(self, rpc, request):
        return await rpc(request, metadata=self.metadata, timeout=SECONDS)

    async def create(self, title="Sea", courses=(), **fields):
        request = menus_pb.CreateMenuRequest(title=title, courses=courses, **fields)
        return read((await self.call(self.menus.CreateMenu, request)).document)

    async def get(self, menu_id):
        return read(await self.document(menu_id))

    async def document(self, menu_id):
        request = menus_pb.GetMenuRequest(menu_id=menu_id)
        return (await self.call(self.menus.GetMenu, request)).document

    async def update(self, menu_id, **fields):
        request = menus_pb.UpdateMenuRequest(menu_id=menu_id, **fields)
        return read((await self.call(self.menus.UpdateMenu, request)).document)

    async def delete(self, menu_id):
        await self.call(self.menus.DeleteMenu, menus_pb.DeleteMenuRequest(menu_id=menu_id))

    async def page(self, **fields):
        return await self.call(self.menus.ListMenus, menus_pb.ListMenusRequest(**fields))

    async def list(self, **fields):
        return [read(document) for document in (await self.page(**fields)).documents]

    async def add_course(self, menu_id, title="First", key="", **fields):
        request = courses_pb.AddCourseRequest(
            menu_id=menu_id, course=menus_pb.NewCourse(title=title, **fields), idempotency_key=key
        )
        return (await self.call(self.courses.AddCourse, request)).course

    async def update_course(self, menu_id, course_id, **fields):
        request = courses_pb.UpdateCourseRequest(menu_id=menu_id, course_id=course_id, **fields)
        return (await self.call(self.courses.UpdateCourse, request)).course

    async def delete_course(self, menu_id, course_id):
        request = courses_pb.DeleteCourseRequest(menu_id=menu_id, course_id=course_id)
        await self.call(self.courses.DeleteCourse, request)

    async def reorder_courses(self, menu_id, course_ids, **fields):
        request = courses_pb.ReorderCoursesRequest(menu_id=menu_id, course_ids=course_ids, **fields)
        return read((await self.call(self.courses.ReorderCourses, request)).document)

    async def add_item(self, menu_id, course_id, media_item_id, key="", **fields):
        request = courses_pb.AddCourseItemRequest(
            menu_id=menu_id,
            course_id=course_id,
            item=menus_pb.NewCourseItem(media_item_id=media_item_id, **fields),
            idempotency_key=key,
        )
        return (await self.call(self.courses.AddCourseItem, request)).item

    async def update_item(self, menu_id, item_id, **fields):
        request = courses_pb.UpdateCourseItemRequest(
            menu_id=menu_id, course_item_id=item_id, **fields
        )
        return (await self.call(self.courses.UpdateCourseItem, request)).item

    async def delete_item(self, menu_id, item_id):
        request = courses_pb.DeleteCourseItemRequest(menu_id=menu_id, course_item_id=item_id)
        await self.call(self.courses.DeleteCourseItem, request)

    async def reorder_items(self, menu_id, course_id, item_ids, **fields):
        request = courses_pb.ReorderCourseItemsRequest(
            menu_id=menu_id, course_id=course_id, course_item_ids=item_ids, **fields
        )
        return (await self.call(self.courses.ReorderCourseItems, request)).course

    async def move_item(self, menu_id, item_id, target_course_id, **fields):
        request = courses_pb.MoveCourseItemRequest(
            menu_id=menu_id, course_item_id=item_id, target_course_id=target_course_id, **fields
        )
        return (await self.call(self.courses.MoveCourseItem, request)).item


@pytest.fixture(scope="session")
async def shared_database(migrated):
    async with db.connect(migrated("menus")) as database:
        yield database


@pytest.fixture
async def database(shared_database):
    async with shared_database.engine.begin() as connection:
        names = ", ".join(f"menus.{table.name}" for table in Base.metadata.sorted_tables)
        await connection.execute(text(f"truncate {names}"))
    return shared_database


@pytest.fixture
def catalogue():
    return Catalogue()


@pytest.fixture
async def run_menus(serve, database, catalogue):
    """`async with run_menus(Limits(...)) as connect`: the service, beside the catalogue."""

    @asynccontextmanager
    async def run(limits):
        media = services_of(media_service_pb2.DESCRIPTOR)
        add_catalogue = partial(add_MediaServiceServicer_to_server, catalogue)
        async with serve("catalog", media, add_catalogue) as connect_catalog:
            editing = (database, CatalogClient(connect_catalog("menus")), limits)

            def add(server):
                add_MenuServiceServicer_to_server(MenuServicer(*editing), server)
                add_CourseServiceServicer_to_server(CourseServicer(*editing), server)
                add_DraftServiceServicer_to_server(DraftServicer(*editing), server)
                add_PublicMenuServiceServicer_to_server(PublicMenuServicer(database), server)

            async with serve("menus", SERVICES, add) as connect:
                yield connect

    return run


@pytest.fixture
async def connect(run_menus):
    async with run_menus(Limits()) as connect:
        yield connect


@pytest.fixture
def person_at(people):
    """`person_at(channel)`: somebody new, at a service that `run_menus` runs."""

    def make(channel):
        user_id = new_id()
        return Person(
            user_id, MenuServiceStub(channel), CourseServiceStub(channel), people.metadata(user_id)
        )

    return make


@pytest.fixture
def person(connect, person_at):
    """`person()`: somebody new."""
    channel = connect("gateway")
    return lambda: person_at(channel)


@pytest.fixture
def ana(person):
    return person()


@pytest.fixture
def read_public(connect):
    """`await read_public("sea")`: the reply, asked by nobody in particular."""
    stub = PublicMenuServiceStub(connect("gateway"))

    async def read(slug):
        return await stub.GetPublicMenu(public_pb.GetPublicMenuRequest(slug=slug), timeout=SECONDS)

    return read


@pytest.fixture
def fresh(database, ana):
    """`await fresh(menu_id)`: the document of Ana's menu as a rebuild from the tables gives it."""

    async def rebuild(menu_id):
        async with database.sessions() as session:
            menu = await repository.lock_owned_menu(session, UUID(menu_id), ana.id)
            courses = await repository.courses_of(session, [menu.id])
        return build(menu, courses[menu.id])

    return rebuild


@pytest.fixture
def refused():
    """`async with refused("MENU_NOT_FOUND") as seen`: the call is refused, `seen[0]` says how."""

    @asynccontextmanager
    async def expect(reason):
        seen = []
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            yield seen
        error = from_rpc_error(caught.value)
        assert error is not None, caught.value
        assert error.reason == reason, error
        seen.append(error)

    return expect


@pytest.fixture
def events(database):
    """`await events()`: the names of the events said so far, but those of contents."""

    async def said():
        async with database.readers() as session:
            subjects = await session.scalars(select(Outbox.subject).order_by(Outbox.id))
            names = [subject.removeprefix("tastebuds.menus.v1.") for subject in subjects]
            return [name for name in names if name != "MenuContentsChanged"]

    return said


@pytest.fixture
def counted():
    """`with counted() as statements`: `statements()` is how many SQL statements were sent."""

    class Counted:
        def __enter__(self):
            self.before = self.total()
            return lambda: self.total() - self.before

        def __exit__(self, *_):
            pass

        def total(self):
            return db.statements_total._value.get()

    return Counted
