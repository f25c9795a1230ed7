"""What a person has connected, row by row."""

import asyncio

from common.requests import onward
from gateway.clients import Clients
from gateway.schemas.integrations import FIRST_ROWS, SPOTIFY, Integration, ProviderStatus
from tastebuds.ingest.v1.integration_service_pb2 import (
    ListIntegrationsRequest,
    ListSendersRequest,
    RevokeIntegrationsRequest,
)


async def overview(api: Clients) -> list[ProviderStatus]:
    """The rows that older clients expect first, then one of every further sender."""
    senders, mine = await asyncio.gather(
        api.integrations.ListSenders(ListSendersRequest(), **onward()),
        api.integrations.ListIntegrations(ListIntegrationsRequest(), **onward()),
    )
    titles = {sender.name: sender.title for sender in senders.senders}
    integrations = [Integration.of(one) for one in mine.integrations]
    return [
        ProviderStatus.of(name, title, [one for one in integrations if one.sender == name])
        for name, title in (FIRST_ROWS | titles).items()
    ]


async def disconnect(api: Clients, provider: str) -> None:
    """Revoke all of a provider's tokens; it is no error when there are none."""
    if provider != SPOTIFY:
        await api.integrations.RevokeIntegrations(
            RevokeIntegrationsRequest(sender=provider), **onward()
        )
