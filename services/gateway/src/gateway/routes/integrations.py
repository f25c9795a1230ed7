"""What may send events to your account."""

from uuid import UUID

from fastapi import APIRouter, Depends, Response

from common.requests import onward
from gateway import integrations
from gateway.auth import signed_in
from gateway.clients import Api
from gateway.documentation import problems
from gateway.schemas.integrations import (
    AcceptedEvent,
    Integration,
    IntegrationChange,
    MintedToken,
    NewToken,
    Provider,
    ProviderStatus,
    Sender,
)
from tastebuds.ingest.v1.integration_service_pb2 import (
    ListSendersRequest,
    MintTokenRequest,
    RevokeIntegrationsRequest,
    SendTestEventRequest,
)

router = APIRouter(
    prefix="/api/integrations", tags=["integrations"], dependencies=[Depends(signed_in)]
)

FOUND = problems({404: "Integration not found"})
SUPPORTED = problems({400: "Unsupported integration provider"})


@router.get("", summary="List your integrations")
async def list_integrations(api: Api) -> list[ProviderStatus]:
    """One row per provider, each with your webhooks of it and how they are doing."""
    return await integrations.overview(api)


@router.get("/senders", summary="List what may send events")
async def list_senders(api: Api) -> list[Sender]:
    """With how to set each one up."""
    reply = await api.integrations.ListSenders(ListSendersRequest(), **onward())
    return [Sender.of(sender) for sender in reply.senders]


@router.post("/{provider}/webhook-token", summary="Make a webhook token", responses=SUPPORTED)
async def mint_token(provider: Provider, api: Api, body: NewToken | None = None) -> MintedToken:
    """Shown this once. An earlier token of the same sender and name stops working."""
    name = body.name if body and body.name else ""
    reply = await api.integrations.MintToken(
        MintTokenRequest(sender=provider, name=name), **onward()
    )
    return MintedToken.of(reply)


@router.delete("/{provider}", status_code=204, summary="Disconnect a provider", responses=SUPPORTED)
async def disconnect(provider: Provider, api: Api) -> None:
    """All its tokens stop working; what they sent stays in the inbox."""
    await integrations.disconnect(api, provider)


@router.patch(
    "/webhooks/{integration_id}",
    summary="Change an integration",
    responses=FOUND | problems({409: "There is one of this name"}),
)
async def update_integration(
    integration_id: UUID, body: IntegrationChange, api: Api
) -> Integration:
    """Its name, what its events do, and whose plays count."""
    reply = await api.integrations.UpdateIntegration(body.to_wire(integration_id), **onward())
    return Integration.of(reply.integration)


@router.delete(
    "/webhooks/{integration_id}", status_code=204, summary="Revoke an integration", responses=FOUND
)
async def revoke_integration(integration_id: UUID, api: Api) -> None:
    """Its token stops working; what it sent stays in the inbox."""
    await api.integrations.RevokeIntegrations(
        RevokeIntegrationsRequest(integration_id=str(integration_id)), **onward()
    )


@router.post(
    "/webhooks/{integration_id}/test",
    status_code=202,
    summary="Send yourself a test event",
    responses=FOUND,
)
async def send_test_event(integration_id: UUID, response: Response, api: Api) -> AcceptedEvent:
    """Such as the sender's TEST button sends: it goes the way of all events, creating nothing."""
    reply = await api.integrations.SendTestEvent(
        SendTestEventRequest(integration_id=str(integration_id)), **onward()
    )
    response.headers["Location"] = f"/api/integrations/inbox/{reply.webhook_event_id}"
    return AcceptedEvent(id=reply.webhook_event_id)
