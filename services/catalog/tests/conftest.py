from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from catalog.availability.servicer import AvailabilityServicer
from catalog.duplicates import service as duplicates
from catalog.library.servicer import LibraryServicer
from catalog.media.servicer import MediaServicer
from catalog.merging.servicer import MergeServicer
from catalog.models import Base
from catalog.search.servicer import SearchServicer
from catalog.servicers import SERVICES, register
from catalog.tags.servicer import TagServicer
from catalog.taste.service import Profiles
from catalog.taste.servicer import TasteServicer
from common import db
from tastebuds.catalog.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceStub
from tastebuds.catalog.v1.media_events_pb2 import MediaItemUpserted
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub
from tastebuds.catalog.v1.merge_service_pb2 import ListSuspectsRequest
from tastebuds.catalog.v1.merge_service_pb2_grpc import MergeServiceStub
from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceStub
from tastebuds.catalog.v1.tag_service_pb2_grpc import TagServiceStub
from tastebuds.catalog.v1.taste_service_pb2_grpc import TasteServiceStub

from .library_desk import LibraryDesk
from .search_desk import SearchDesk


@pytest.fixture(scope="session")
async def shared_database(migrated):
    async with db.connect(migrated("catalog")) as database:
        yield database


@pytest.fixture
async def database(shared_database):
    """Empty. (To truncate this many tables would take longer than the tests.)"""
    async with shared_database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(table.delete())
    return shared_database


@pytest.fixture(scope="session")
async def connect(serve, shared_database):
    """`connect("gateway")`: a channel to the catalogue as that caller."""

    def add(server):
        servicers = (MediaServicer, MergeServicer, LibraryServicer, TagServicer)
        register(server, *(servicer(shared_database) for servicer in servicers))
        for servicer in (SearchServicer, AvailabilityServicer):
            register(server, servicer(shared_database, timedelta(days=14)))
        register(server, TasteServicer(shared_database, Profiles(timedelta(hours=24))))

    async with serve("catalog", SERVICES, add) as connect:
        yield connect


@pytest.fixture
async def ingest(connect, database):
    """The catalogue as ingest sees it."""
    return MediaServiceStub(connect("ingest"))


@pytest.fixture
async def gateway(connect, database):
    return MediaServiceStub(connect("gateway"))


@pytest.fixture
async def merges(connect, database):
    return MergeServiceStub(connect("gateway"))


@pytest.fixture
def admin(people):
    return {"metadata": people.metadata(uuid4(), ["admin"])}


@pytest.fixture
def compare(database):
    """The sweep that looks for works that are there twice."""

    async def run(limit=100):
        async with database.sessions.begin() as session:
            return await duplicates.compare(session, limit)

    return run


@pytest.fixture
def suspects(merges, admin):
    async def read():
        return (await merges.ListSuspects(ListSuspectsRequest(), **admin)).suspects

    return read


@pytest.fixture
async def search(connect, database):
    return SearchServiceStub(connect("gateway"))


@pytest.fixture
def finder(database, search, people):
    """The search box of a stranger."""
    return SearchDesk(database, search, people)


@pytest.fixture
async def senders(connect, database):
    """The library as ingest sees it, which speaks for people who are not there."""
    return LibraryServiceStub(connect("ingest"))


@pytest.fixture
async def library(connect, database):
    """The library as the people themselves see it."""
    return LibraryServiceStub(connect("gateway"))


@pytest.fixture
async def availability(connect, database):
    return AvailabilityServiceStub(connect("gateway"))


@pytest.fixture
async def tagging(connect, database):
    """Tags as the people themselves see them."""
    return TagServiceStub(connect("gateway"))


@pytest.fixture
async def taste(connect, database):
    return TasteServiceStub(connect("gateway"))


@pytest.fixture
def desk(library, senders, people):
    """The library of somebody."""
    return LibraryDesk(library, senders, people, uuid4())


@pytest.fixture
def statements():
    """How many statements were sent since it was last asked."""
    last = [db.statements_total._value.get()]

    def since():
        before, last[0] = last[0], db.statements_total._value.get()
        return int(last[0] - before)

    return since


@pytest.fixture
def events(database):
    """What waits in the outbox, oldest first."""

    async def read():
        async with database.readers() as session:
            rows = await session.execute(
                text("select subject, payload from catalog.outbox order by id")
            )
            found = rows.all()
        assert {row.subject for row in found} <= {MediaItemUpserted.DESCRIPTOR.full_name}
        return [MediaItemUpserted.FromString(row.payload) for row in found]

    return read


@pytest.fixture
def sql(database):
    """`await sql("select …", name=value)`: all rows."""

    async def run(statement, **values):
        async with database.readers() as session:
            return (await session.execute(text(statement), values)).all()

    return run
