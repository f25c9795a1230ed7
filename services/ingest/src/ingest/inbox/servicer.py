"""InboxService: translate, open the transaction, call the use case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common import pages
from common.db import Database
from common.pages import Mark
from ingest.clients.library import LibraryClient
from ingest.connectors import Connectors
from ingest.inbox import messages, service
from ingest.webhooks.happenings import Sender
from tastebuds.ingest.v1 import inbox_service_pb2 as pb
from tastebuds.ingest.v1.inbox_service_pb2_grpc import InboxServiceServicer


@dataclass(frozen=True, slots=True)
class InboxServicer(InboxServiceServicer):
    database: Database
    connectors: Connectors
    senders: Mapping[str, Sender]
    library: LibraryClient
    most_kept_bytes: int

    async def ListWebhookEvents(
        self, request: pb.ListWebhookEventsRequest, context: Any
    ) -> pb.ListWebhookEventsResponse:
        wanted = messages.to_wanted(request)
        async with self.database.sessions.begin() as session:
            entries, has_more = await service.list_own(session, wanted=wanted)
        last = entries[-1].event if has_more else None
        return pb.ListWebhookEventsResponse(
            events=map(messages.from_entry, entries),
            next_page_token=pages.write_token(Mark(last.received_at, last.id) if last else None),
        )

    async def GetWebhookEvent(
        self, request: pb.GetWebhookEventRequest, context: Any
    ) -> pb.GetWebhookEventResponse:
        own = messages.own_event(request.webhook_event_id)
        async with self.database.sessions.begin() as session:
            entry = await service.read(session, own=own)
        return messages.from_whole(entry)

    async def ResolveWebhookEvent(
        self, request: pb.ResolveWebhookEventRequest, context: Any
    ) -> pb.ResolveWebhookEventResponse:
        own = messages.own_event(request.webhook_event_id)
        choice = messages.to_choice(request, self.connectors)
        async with self.database.sessions.begin() as session:
            entry = await service.resolve(session, own=own, choice=choice, senders=self.senders)
        return pb.ResolveWebhookEventResponse(event=messages.from_entry(entry))

    async def DismissWebhookEvent(
        self, request: pb.DismissWebhookEventRequest, context: Any
    ) -> pb.DismissWebhookEventResponse:
        own = messages.own_event(request.webhook_event_id)
        async with self.database.sessions.begin() as session:
            entry = await service.dismiss(session, own=own, most_kept_bytes=self.most_kept_bytes)
        return pb.DismissWebhookEventResponse(event=messages.from_entry(entry))

    async def ReplayWebhookEvent(
        self, request: pb.ReplayWebhookEventRequest, context: Any
    ) -> pb.ReplayWebhookEventResponse:
        own = messages.own_event(request.webhook_event_id)
        async with self.database.sessions.begin() as session:
            entry = await service.replay(session, own=own)
        return pb.ReplayWebhookEventResponse(event=messages.from_entry(entry))

    async def AcceptUndo(
        self, request: pb.AcceptUndoRequest, context: Any
    ) -> pb.AcceptUndoResponse:
        own = messages.own_event(request.webhook_event_id)
        entry = await service.accept_undo(
            self.database, self.library, own=own, senders=self.senders
        )
        return pb.AcceptUndoResponse(event=messages.from_entry(entry))
