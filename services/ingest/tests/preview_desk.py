"""Searches outside behind their door, and the lanes of refreshes worked by hand."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import delete, func, select, update

from common.access import services_of
from common.db import now
from common.grpc_errors import from_rpc_error
from common.jobs import Delivery, Lane, TryLater
from ingest.clients.catalog import CatalogClient
from ingest.connectors import Connectors
from ingest.models import Outbox, Preview, SourceAnswer
from ingest.previews.seeking import SearchTerms
from ingest.previews.servicer import PreviewServicer
from ingest.refreshes.consumers import Refreshes
from ingest.service import Allowances
from ingest.servicer import IngestServicer
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.ingest.v1 import ingest_service_pb2 as ingest_pb
from tastebuds.ingest.v1 import preview_service_pb2 as pb
from tastebuds.ingest.v1.ingest_service_pb2_grpc import (
    IngestServiceStub,
    add_IngestServiceServicer_to_server,
)
from tastebuds.ingest.v1.preview_service_pb2_grpc import (
    PreviewServiceStub,
    add_PreviewServiceServicer_to_server,
)
from tastebuds.ingest.v1.work_pb2 import RefreshDue, StaleMediaDue

from .upstream_stub import IMPATIENT, UpstreamStub, connected

LANE = Lane("tmdb-bulk", most_attempts=4)
TERMS = SearchTerms(deadline=0.5, per_minute=3, lifetime=timedelta(minutes=5))
KINDS = {kind.DESCRIPTOR.name: kind for kind in (RefreshDue, StaleMediaDue)}

FILM = {
    "id": 603,
    "media_type": "movie",
    "title": "Tidewatch",
    "release_date": "2011-03-04",
    "overview": "A lighthouse keeps a secret.",
}
SERIES = {"id": 603, "media_type": "tv", "name": "Tidewatch", "first_air_date": "2019-01-01"}
WHOLE_FILM = {**FILM, "runtime": 97, "tagline": "The light goes out."}
BOOK = {
    "id": "vol1",
    "volumeInfo": {
        "title": "The Quiet Harbour",
        "authors": ["Ida Holm"],
        "publishedDate": "2018",
        "infoLink": "https://books.google.com/books?id=vol1",
        "industryIdentifiers": [{"type": "ISBN_13", "identifier": "9780000000002"}],
    },
}
GAME = {"id": 7, "name": "Tidewatch", "slug": "tidewatch", "first_release_date": 1299196800}


@dataclass
class Desk:
    """One person's, unless another `user_id` is given."""

    stub: PreviewServiceStub
    ingests: IngestServiceStub
    refreshes: Refreshes
    upstream: UpstreamStub
    connectors: Connectors
    people: Any
    database: Any
    user_id: UUID

    def metadata(self, user_id=None):
        return self.people.metadata(user_id or self.user_id)

    async def search(self, *sources, query="Tidewatch", hits=1, types=(), user_id=None):
        """The answers by their source."""
        request = pb.SearchSourcesRequest(
            query=query, sources=sources, media_types=types, hits_per_source=hits
        )
        metadata = self.metadata(user_id)
        reply = await self.stub.SearchSources(request, metadata=metadata, timeout=15)
        return {answer.source: answer for answer in reply.answers}

    async def show(self, source="tmdb", **question):
        """The first hit's preview."""
        return (await self.search(source, **question))[source].hits[0].preview

    async def get(self, preview_id, user_id=None):
        request = pb.GetPreviewRequest(preview_id=preview_id)
        metadata = self.metadata(user_id)
        return (await self.stub.GetPreview(request, metadata=metadata, timeout=5)).preview

    async def save(self, *preview_ids, user_id=None):
        request = pb.SavePreviewsRequest(preview_ids=preview_ids)
        metadata = self.metadata(user_id)
        return list((await self.stub.SavePreviews(request, metadata=metadata, timeout=15)).saved)

    async def ingest(self, source, external_id, **fields):
        request = ingest_pb.IngestMediaRequest(source=source, external_id=external_id, **fields)
        return await self.ingests.IngestMedia(request, metadata=self.metadata(), timeout=15)

    def searched(self):
        """How often sources were searched; tokens do not count."""
        ends = ("/search/multi", "/volumes", "/games", "/lastfm")
        return [path for path in self.upstream.paths() if path.endswith(ends)]

    async def age(self, lapse):
        """Everything that was shown expires so much sooner."""
        async with self.database.sessions.begin() as session:
            for table in (Preview, SourceAnswer):
                await session.execute(update(table).values(expires_at=table.expires_at - lapse))

    async def count(self, table):
        async with self.database.readers() as session:
            return await session.scalar(select(func.count()).select_from(table))

    async def sent(self):
        """Lane and message of the work that left since the last time."""
        statement = delete(Outbox).where(Outbox.subject.like("job.%")).returning(Outbox)
        async with self.database.sessions.begin() as session:
            rows = sorted(await session.scalars(statement), key=lambda row: row.id)
        subjects = [row.subject.split(".") for row in rows]
        return [
            (lane, KINDS[kind].FromString(row.payload))
            for row, (_, _, lane, kind) in zip(rows, subjects, strict=True)
        ]

    async def work(self, message, attempt=1):
        """None when there is nothing more to do, else how it waits."""
        try:
            job = self.refreshes.jobs[type(message)]
            await job.handle(message, Delivery(LANE, uuid4(), attempt))
        except TryLater as later:
            return later
        return None


@asynccontextmanager
async def open_desk(serve, people, upstream, catalogue, *, terms=TERMS, **sources):
    """Three searches a minute; sources have half a second to answer; Last.fm is off."""
    database = upstream.database
    media = services_of(media_service_pb2.DESCRIPTOR)
    add_catalogue = partial(add_MediaServiceServicer_to_server, catalogue)
    async with (
        serve("catalog", media, add_catalogue) as connect_catalog,
        connected(upstream, **{"lastfm_key": None, "patience": IMPATIENT, **sources}) as connectors,
    ):
        catalog = CatalogClient(connect_catalog("ingest"))
        known = connectors, catalog, Allowances(database, 600)
        previews = PreviewServicer.of(*known, database, terms)

        def add(server):
            add_PreviewServiceServicer_to_server(previews, server)
            add_IngestServiceServicer_to_server(IngestServicer(*known, database, 3), server)

        services = services_of(pb.DESCRIPTOR, ingest_pb.DESCRIPTOR)
        async with serve("ingest", services, add) as connect:
            channel = connect("gateway")
            yield Desk(
                PreviewServiceStub(channel),
                IngestServiceStub(channel),
                Refreshes(database, connectors, catalog),
                upstream,
                connectors,
                people,
                database,
                uuid4(),
            )


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc_error(caught.value)


async def until(condition, seconds=5):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def past(preview):
    return preview.expires_at.ToDatetime() <= now().replace(tzinfo=None)
