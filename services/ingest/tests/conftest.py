import asyncio
import time

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from common import db
from common.access import services_of
from common.db import new_id
from common.errors import DomainError, Kind
from common.nats_client import declare_streams
from ingest.clients.catalog import CatalogClient
from ingest.models import Base
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from tastebuds.catalog.v1 import media_pb2, media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import (
    MediaServiceServicer,
    add_MediaServiceServicer_to_server,
)
from tastebuds.ingest.v1 import ingest_service_pb2
from tastebuds.ingest.v1.ingest_service_pb2_grpc import (
    IngestServiceStub,
    add_IngestServiceServicer_to_server,
)

from .upstream_stub import connected, serve


class Unknown(DomainError):
    kind = Kind.NOT_FOUND
    reason = "MEDIA_ITEM_NOT_FOUND"

    def __init__(self):
        super().__init__("Media item not found")


class Catalogue(MediaServiceServicer):
    """Keeps what it is given, as the catalogue does; `drafts` are in order of arrival.

    `faults["UpsertMedia"]` is what that RPC raises; `likenesses` are why a record that it does not
    have is the work of one that it has, by both; `stale` are ids that a source's claim gives.
    """

    def __init__(self):
        self.items = {}
        self.likenesses = {}
        self.stale = {}
        self.claims = []
        self.drafts = []
        self.lookups = []
        self.faults = {}

    def _fail(self, rpc):
        if rpc in self.faults:
            raise self.faults[rpc]

    async def UpsertMedia(self, request, context):
        self._fail("UpsertMedia")
        draft = request.draft
        self.drafts.append(draft)
        key = (draft.source_name, draft.external_id)
        created = key not in self.items
        if created or request.refresh:
            item = media_pb2.MediaItem()
            item.CopyFrom(draft.item)
            item.id = str(new_id()) if created else self.items[key].id
            self.items[key] = item
        return media_service_pb2.UpsertMediaResponse(
            item=self.items[key], sources=[source(*key)], created=created
        )

    async def FindMediaBySource(self, request, context):
        self._fail("FindMediaBySource")
        key = (request.source_name, request.external_id)
        self.lookups.append(key)
        if key not in self.items:
            raise Unknown
        return media_service_pb2.FindMediaBySourceResponse(
            item=self.items[key], sources=[source(*key)]
        )

    async def GetMedia(self, request, context):
        self._fail("GetMedia")
        for key, item in self.items.items():
            if item.id == request.media_item_id:
                return media_service_pb2.GetMediaResponse(item=item, sources=[source(*key)])
        raise Unknown

    async def MatchMedia(self, request, context):
        self._fail("MatchMedia")
        reply = media_service_pb2.MatchMediaResponse()
        for index, draft in enumerate(request.drafts):
            key = (draft.source_name, draft.external_id)
            likeness = (key, media_service_pb2.MATCH_REASON_SOURCE_ID)
            known, reason = self.likenesses.get(key, likeness)
            if known in self.items:
                item = self.items[known]
                reply.matches.add(index=index, item=item, reason=reason, in_library=True)
        return reply

    async def ClaimStaleMedia(self, request, context):
        self._fail("ClaimStaleMedia")
        self.claims.append(request)
        claimed = self.stale.pop(request.source_name, [])[: request.limit]
        return media_service_pb2.ClaimStaleMediaResponse(external_ids=claimed)


def source(source_name, external_id):
    return media_pb2.MediaSource(
        id="s", source_name=source_name, external_id=external_id, fetched_at=Timestamp(seconds=1)
    )


@pytest.fixture(scope="session")
async def shared_database(migrated):
    async with db.connect(migrated("ingest")) as database:
        yield database


@pytest.fixture
async def database(shared_database):
    async with shared_database.engine.begin() as connection:
        names = ", ".join(f"ingest.{table.name}" for table in Base.metadata.sorted_tables)
        await connection.execute(text(f"truncate {names}"))
    return shared_database


@pytest.fixture
async def jetstream(connect_nats, empty_nats):
    """As ingest may use it; nothing is on its streams."""
    await empty_nats()
    async with connect_nats("ingest") as client:
        context = client.jetstream()
        await declare_streams(context, "ingest")
        yield context


@pytest.fixture
async def upstream(database):
    async with serve(database) as stub:
        yield stub


@pytest.fixture
async def young_minute():
    """What follows is within one minute, as allowances count them."""
    left = 60 - time.time() % 60
    if left < 5:
        await asyncio.sleep(left)


@pytest.fixture
async def catalogue():
    return Catalogue()


@pytest.fixture
async def service(serve, database, upstream, catalogue):
    """`service("gateway")`: a stub of ingest as that caller; three fetches a minute each."""
    media = services_of(media_service_pb2.DESCRIPTOR)

    def add_catalogue(server):
        add_MediaServiceServicer_to_server(catalogue, server)

    async with (
        serve("catalog", media, add_catalogue) as connect_catalog,
        connected(upstream, lastfm_key=None) as connectors,
    ):
        client = CatalogClient(connect_catalog("ingest"))
        servicer = IngestServicer(connectors, client, Allowances(database, 3), database, 50)

        def add(server):
            add_IngestServiceServicer_to_server(servicer, server)

        services = services_of(ingest_service_pb2.DESCRIPTOR)
        async with serve("ingest", services, add) as connect:
            yield lambda caller: IngestServiceStub(connect(caller))
