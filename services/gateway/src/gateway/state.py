"""What a request finds at `app.state.gateway`; built once, in main."""

from dataclasses import dataclass

from common import keys
from common.addresses import Surroundings
from common.identity import TokenVerifier
from common.requests import onward
from common.settings import Network
from gateway.cache import FinishedJson
from gateway.clients import Channels, Clients
from gateway.memory import Memory
from gateway.public_menus import PublishedMenu
from gateway.schemas.auth import User
from gateway.settings import Settings
from tastebuds.auth.v1.account_service_pb2 import GetAccountRequest
from tastebuds.menus.v1.public_menu_service_pb2 import GetPublicMenuRequest


@dataclass(frozen=True, slots=True)
class Gateway:
    clients: Clients
    verifier: TokenVerifier
    memory: Memory
    surroundings: Surroundings
    origins: frozenset[str]
    health_allowlist: tuple[Network, ...]
    stream_seconds: float

    async def public_menu(self, slug: str) -> PublishedMenu:
        async def ask() -> PublishedMenu:
            reply = await self.clients.public_menus.GetPublicMenu(
                GetPublicMenuRequest(slug=slug), **onward()
            )
            return PublishedMenu.of(reply.document, reply.etag, varies_by_origin=bool(self.origins))

        return await self.memory.public_menus.read(slug, ask)

    async def account(self, user_id: str) -> FinishedJson:
        """The account of the current caller, whose id this is."""

        async def ask() -> FinishedJson:
            reply = await self.clients.accounts.GetAccount(GetAccountRequest(), **onward())
            return FinishedJson(User.of(reply.user).model_dump_json().encode())

        return await self.memory.accounts.read(user_id, ask)


def create_gateway(settings: Settings, channels: Channels) -> Gateway:
    return Gateway(
        clients=Clients(channels),
        verifier=TokenVerifier(keys.from_auth(channels.auth)),
        memory=Memory(settings),
        surroundings=Surroundings(settings.trusted_proxies),
        origins=frozenset(settings.cors_origins),
        health_allowlist=settings.health_allowlist,
        stream_seconds=settings.stream_seconds,
    )
