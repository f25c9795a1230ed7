"""Ingest's integrations, as its contract says."""

from uuid import uuid4

from common.errors import Kind
from common.requests import current_caller
from tastebuds.ingest.v1 import integration_service_pb2 as integrations_pb
from tastebuds.ingest.v1.integration_service_pb2_grpc import IntegrationServiceServicer

from .stand_ins import CREATED, Fact, StandIn, not_found

SENDERS = {"radarr": "Radarr", "arr": "Radarr, Sonarr, Lidarr or Readarr", "jellyfin": "Jellyfin",
           "plex": "Plex", "generic": "Scripts"}  # fmt: skip
DEFAULT = integrations_pb.Effects(ingest=True, library=True)


class Integrations(StandIn, IntegrationServiceServicer):
    async def ListSenders(self, request, context):
        self.world.called("ListSenders")
        senders = [
            integrations_pb.Sender(
                name=name, title=title, instructions="Paste the address.", default_effects=DEFAULT,
                path=f"/api/webhooks/{name}/{{token}}",
                schema_json='{"type":"object"}' if name == "generic" else "",
            )
            for name, title in SENDERS.items()
        ]  # fmt: skip
        return integrations_pb.ListSendersResponse(senders=senders)

    async def ListIntegrations(self, request, context):
        self.world.called("ListIntegrations")
        mine = [kept for owner, kept in self.world.integrations.values() if owner == _caller()]
        return integrations_pb.ListIntegrationsResponse(integrations=mine)

    async def MintToken(self, request, context):
        self.world.called("MintToken", request)
        _check(request.sender)
        integration = integrations_pb.Integration(
            id=str(uuid4()), sender=request.sender, name=request.name or "default",
            token_prefix="kX9_fooB", created_at=CREATED, effects=DEFAULT,
        )  # fmt: skip
        self.world.integrations[integration.id] = _caller(), integration
        return integrations_pb.MintTokenResponse(
            integration=integration, token="kX9_fooBar",
            webhook_url=f"http://127.0.0.1:8415/api/webhooks/{request.sender}/kX9_fooBar",
        )  # fmt: skip

    async def UpdateIntegration(self, request, context):
        self.world.called("UpdateIntegration", request)
        integration = self._mine(request.integration_id)
        if request.HasField("name"):
            integration.name = request.name
        if request.HasField("effects"):
            for field, value in request.effects.ListFields():
                if field.name == "tags":
                    integration.effects.tags[:] = value.names
                else:
                    setattr(integration.effects, field.name, value)
        if request.HasField("accounts"):
            integration.accounts[:] = request.accounts.names
        return integrations_pb.UpdateIntegrationResponse(integration=integration)

    async def RevokeIntegrations(self, request, context):
        self.world.called("RevokeIntegrations", request)
        if request.HasField("integration_id"):
            del self.world.integrations[self._mine(request.integration_id).id]
        else:
            _check(request.sender)
        return integrations_pb.RevokeIntegrationsResponse()

    async def SendTestEvent(self, request, context):
        self._mine(request.integration_id)
        return integrations_pb.SendTestEventResponse(webhook_event_id=str(uuid4()))

    def _mine(self, integration_id):
        owner, integration = self.world.integrations.get(integration_id, ("", None))
        if owner != _caller():
            raise not_found("Integration")
        return integration


def _check(sender):
    if sender not in SENDERS:
        message = f"Unsupported integration provider: {sender}"
        raise Fact(Kind.INVALID, "UNKNOWN_SENDER", message, sender=sender)


def _caller():
    return str(current_caller().user_id)
