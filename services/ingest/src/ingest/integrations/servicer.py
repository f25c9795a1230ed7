"""IntegrationService: translate, open the transaction, call the use case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.db import Database
from common.requests import current_caller
from ingest.clients.menus import MenusClient
from ingest.door.providers import address_of
from ingest.integrations import messages, service
from ingest.integrations.errors import NothingNamed, UnknownSender
from ingest.webhooks.happenings import Sender
from tastebuds.ingest.v1 import integration_service_pb2 as pb
from tastebuds.ingest.v1.integration_service_pb2_grpc import IntegrationServiceServicer


@dataclass(frozen=True, slots=True)
class IntegrationServicer(IntegrationServiceServicer):
    """`public_url` is that of the door, without a slash at its end."""

    database: Database
    senders: Mapping[str, Sender]
    menus: MenusClient
    public_url: str
    most_per_person: int

    async def ListSenders(
        self, request: pb.ListSendersRequest, context: Any
    ) -> pb.ListSendersResponse:
        senders = map(messages.from_sender, self.senders.values())
        return pb.ListSendersResponse(senders=senders)

    async def ListIntegrations(
        self, request: pb.ListIntegrationsRequest, context: Any
    ) -> pb.ListIntegrationsResponse:
        async with self.database.sessions.begin() as session:
            seen = await service.list_own(session, user_id=current_caller().user_id)
        return pb.ListIntegrationsResponse(integrations=map(messages.from_seen, seen))

    async def MintToken(self, request: pb.MintTokenRequest, context: Any) -> pb.MintTokenResponse:
        sender = self._known(request.sender)
        name = messages.name("name", request.name or messages.DEFAULT_NAME)
        async with self.database.sessions.begin() as session:
            seen, token = await service.mint(
                session,
                user_id=current_caller().user_id,
                sender=sender,
                name=name,
                most=self.most_per_person,
            )
        return pb.MintTokenResponse(
            integration=messages.from_seen(seen),
            token=token,
            webhook_url=address_of(sender, self.public_url, token),
        )

    async def UpdateIntegration(
        self, request: pb.UpdateIntegrationRequest, context: Any
    ) -> pb.UpdateIntegrationResponse:
        own = messages.own_integration(request.integration_id)
        change = messages.to_change(request)
        seen = await service.update(self.database, self.menus, own=own, change=change)
        return pb.UpdateIntegrationResponse(integration=messages.from_seen(seen))

    async def RevokeIntegrations(
        self, request: pb.RevokeIntegrationsRequest, context: Any
    ) -> pb.RevokeIntegrationsResponse:
        async with self.database.sessions.begin() as session:
            match request.WhichOneof("what"):
                case "integration_id":
                    own = messages.own_integration(request.integration_id)
                    await service.revoke(session, own=own)
                case "sender":
                    await service.revoke_sender(
                        session,
                        user_id=current_caller().user_id,
                        sender=self._known(request.sender),
                    )
                case _:
                    raise NothingNamed
        return pb.RevokeIntegrationsResponse()

    async def SendTestEvent(
        self, request: pb.SendTestEventRequest, context: Any
    ) -> pb.SendTestEventResponse:
        own = messages.own_integration(request.integration_id)
        async with self.database.readers() as session:  # the event is one statement
            event_id = await service.send_test(session, own=own, senders=self.senders)
        return pb.SendTestEventResponse(webhook_event_id=str(event_id))

    def _known(self, sender: str) -> str:
        if sender not in self.senders:
            raise UnknownSender(sender)
        return sender
