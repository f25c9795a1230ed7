"""The desk of webhooks between real Postgres, stand-in peers and a stand-in of the sources."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, update

from common.access import services_of
from common.db import new_id, now
from common.errors import DomainError, Kind
from common.jobs import Delivery, HandOver, Lane, TryLater
from ingest.clients.catalog import CatalogClient
from ingest.clients.library import LibraryClient
from ingest.clients.menus import DraftsClient
from ingest.drafts import MediaType
from ingest.models import Integration, Outbox, WebhookEvent
from ingest.service import Allowances
from ingest.webhooks.effects import Peers
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.events import webhook_received
from ingest.webhooks.happenings import (
    Episode,
    ForeignId,
    Guide,
    Happening,
    Part,
    Scheme,
    Sender,
    What,
    Work,
)
from ingest.webhooks.matching import Matcher
from ingest.webhooks.senders import SENDERS
from ingest.webhooks.service import Desk
from tastebuds.catalog.v1 import (
    library_pb2,
    library_service_pb2,
    media_pb2,
    media_service_pb2,
)
from tastebuds.catalog.v1.library_service_pb2_grpc import (
    LibraryServiceServicer,
    add_LibraryServiceServicer_to_server,
)
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.ingest.v1.work_pb2 import WebhookReceived
from tastebuds.menus.v1 import draft_service_pb2
from tastebuds.menus.v1.draft_service_pb2_grpc import (
    DraftServiceServicer,
    add_DraftServiceServicer_to_server,
)

from .integrations import integrate
from .upstream_stub import connected

MOST_ATTEMPTS = 8
MOST_KEPT_BYTES = 2000
SEEN_AT = datetime(2026, 11, 22, 21, 10, 31, tzinfo=UTC)
LIBRARY = services_of(library_service_pb2.DESCRIPTOR)
DRAFTS = services_of(draft_service_pb2.DESCRIPTOR)
MEDIA = services_of(media_service_pb2.DESCRIPTOR)


class Refused(DomainError):
    def __init__(self, kind: Kind, reason: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.reason = kind, reason


GONE = Refused(Kind.NOT_FOUND, "MEDIA_ITEM_NOT_FOUND", "Media item not found")
PUBLIC = Refused(Kind.PRECONDITION, "MENU_IS_PUBLIC", "The menu is public")
AWAY = Refused(Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE", "The database does not answer right now.")


class Library(LibraryServiceServicer):
    """Does once what has one key; `calls` are all that came, `faults` what the next ones get.

    `instead` is what it answers to everything once it is set.
    """

    STATUSES = {  # noqa: RUF012
        library_service_pb2.ACTIVITY_ACQUIRED: library_pb2.CONSUMPTION_STATUS_WANT_TO_CONSUME,
        library_service_pb2.ACTIVITY_FINISHED: library_pb2.CONSUMPTION_STATUS_CONSUMED,
        library_service_pb2.ACTIVITY_UNDONE: library_pb2.CONSUMPTION_STATUS_WANT_TO_CONSUME,
    }

    def __init__(self):
        self.calls = []
        self.deeds = {}
        self.faults = []
        self.instead = None

    async def RecordActivity(self, request, context):
        self.calls.append(request)
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        if self.instead is not None:
            return self.instead
        key = (request.user_id, request.idempotency_key)
        is_new = key not in self.deeds
        self.deeds.setdefault(key, request)
        if request.activity == library_service_pb2.ACTIVITY_TAGGED:
            return library_service_pb2.RecordActivityResponse(changed=is_new)
        busy = library_pb2.CONSUMPTION_STATUS_CURRENTLY_CONSUMING
        state = library_pb2.UserState(status=self.STATUSES.get(request.activity, busy))
        return library_service_pb2.RecordActivityResponse(
            state=state, changed=is_new, in_diary=True
        )


class Drafts(DraftServiceServicer):
    """Menus by their ids: sets of works."""

    def __init__(self):
        self.menus = {}
        self.faults = []

    async def AppendToDraft(self, request, context):
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        works = self.menus.setdefault(request.menu_id, [])
        is_new = request.media_item_id not in works
        works += [request.media_item_id] if is_new else []
        return draft_service_pb2.AppendToDraftResponse(
            appended=is_new, menu_title="Rainy nights", course_title="Mains"
        )


def read(document):
    """A sender whose messages are happenings already; several in "all"."""
    if "what" not in document and "all" not in document:
        raise Unreadable("it has no what")
    return [Part(happening_of(each), each) for each in document.get("all", [document])]


def happening_of(said):
    members = ("event_name", "reason", "key", "note")
    return Happening(
        what=What(said["what"]),
        work=work_of(said["work"]) if "work" in said else None,
        at=datetime.fromisoformat(said["at"]) if "at" in said else None,
        accounts=tuple(said.get("accounts", ())),
        **{"event_name": "it.happened"} | {name: said[name] for name in members if name in said},
    )


def work_of(said):
    plain = {name: said[name] for name in ("title", "year", "artist", "album") if name in said}
    episode = said.get("episode")
    return Work(
        media_type=MediaType(said["media_type"]),
        ids=ids_of(said),
        is_album=said.get("is_album", False),
        episode=Episode(**{**episode, "ids": ids_of(episode)}) if episode else None,
        **plain,
    )


def ids_of(said):
    return tuple(ForeignId(Scheme(name), value) for name, value in said.get("ids", {}).items())


TINY = Sender(name="tiny", guide=Guide(title="Tiny", instructions=""), read=read, example={})


def film(number=5, **more):
    work = {"media_type": "movie", "title": "The Ferry", "ids": {"tmdb_movie": str(number)}}
    return {"what": "finished", "work": work, **more}


@dataclass
class Office:
    """`post` is the door, `deliver` a worker that follows what a handler asks for."""

    desk: Desk
    library: Library
    drafts: Drafts
    catalogue: Any
    integration: Integration
    handed_over: list[str] = field(default_factory=list)

    async def integrate(self, **columns):
        self.integration, _ = await integrate(self.desk.database, "tiny", **columns)
        return self.integration

    async def post(self, document, **columns):
        event_id = new_id()
        body = document if isinstance(document, bytes) else orjson.dumps(document)
        given = {"received_at": now(), "state": "received", "body": body, "sender": "tiny"}
        empty = {"decision": "", "event_name": "", "title": "", "source": "", "external_id": ""}
        lists = {"effects": [], "suggestions": [], "history": []}
        async with self.desk.database.sessions.begin() as session:
            session.add(
                WebhookEvent(
                    id=event_id,
                    integration_id=self.integration.id,
                    user_id=self.integration.user_id,
                    content_type="text/plain",
                    body_bytes=len(body),
                    attempts=0,
                    **given | empty | lists | columns,
                )
            )
        return event_id

    async def submit(self, document, **columns):
        """As the door does, with the work that it makes."""
        event_id = await self.post(document, **columns)
        async with self.desk.database.sessions.begin() as session:
            session.add(webhook_received(event_id))
        return event_id

    async def try_once(self, event_id, attempt=1, lane="webhooks"):
        """None when nothing is left to do, else how it waits."""
        delivery = Delivery(Lane(lane, most_attempts=MOST_ATTEMPTS), event_id, attempt)
        try:
            await self.desk.deal_with(event_id, delivery)
        except TryLater as later:
            return later
        except HandOver as other:
            self.handed_over.append(other.lane)
            return await self.try_once(event_id, attempt, other.lane)
        return None

    async def deal(self, document, attempt=1, **columns):
        """The row of what was posted and tried once."""
        event_id = await self.post(document, **columns)
        await self.try_once(event_id, attempt)
        return await self.row(event_id)

    async def row(self, event_id):
        async with self.desk.database.sessions() as session:
            return await session.get_one(WebhookEvent, event_id)

    async def change(self, event_id: UUID, **columns):
        async with self.desk.database.sessions.begin() as session:
            changed = update(WebhookEvent).where(WebhookEvent.id == event_id)
            await session.execute(changed.values(columns))

    async def own(self):
        async with self.desk.database.sessions() as session:
            return await session.get_one(Integration, self.integration.id)

    async def rows(self, model):
        async with self.desk.database.sessions() as session:
            return list(await session.scalars(select(model)))

    async def queued(self):
        """The events that left as work of the lane webhooks since the last time."""
        statement = delete(Outbox).returning(Outbox)
        async with self.desk.database.sessions.begin() as session:
            rows = sorted(await session.scalars(statement), key=lambda row: row.id)
        assert {row.subject for row in rows} <= {"job.ingest.webhooks.WebhookReceived"}
        return [UUID(WebhookReceived.FromString(row.payload).webhook_event_id) for row in rows]

    def know(self, external_id, source="tmdb", title="The Ferry"):
        """The catalogue has it; its id there."""
        item = media_pb2.MediaItem(id=str(new_id()), title=title)
        self.catalogue.items[(source, external_id)] = item
        return UUID(item.id)


@asynccontextmanager
async def open_office(serve, database, upstream, catalogue, *, per_minute=600, **sources):
    library, drafts = Library(), Drafts()

    def add_catalogue(server):
        add_MediaServiceServicer_to_server(catalogue, server)
        add_LibraryServiceServicer_to_server(library, server)

    add_drafts = partial(add_DraftServiceServicer_to_server, drafts)
    async with (
        serve("catalog", [*MEDIA, *LIBRARY], add_catalogue) as connect_catalog,
        serve("menus", DRAFTS, add_drafts) as connect_menus,
        connected(upstream, **sources) as connectors,
    ):
        channel = connect_catalog("ingest")
        allowances = Allowances(database, per_minute)
        desk = Desk(
            database,
            {TINY.name: TINY, **SENDERS},
            Matcher(database, connectors, CatalogClient(channel), allowances),
            Peers(LibraryClient(channel), DraftsClient(connect_menus("ingest"))),
            MOST_KEPT_BYTES,
        )
        office = Office(desk, library, drafts, catalogue, Integration())
        await office.integrate()
        yield office
