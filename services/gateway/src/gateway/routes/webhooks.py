"""Where senders end up that were given the gateway's address."""

from fastapi import APIRouter

from gateway.asgi import METHODS
from gateway.webhook_paths import MASK, PATHS, WrongDoor

router = APIRouter(include_in_schema=False)


async def refuse_webhook() -> None:
    raise WrongDoor


for path in PATHS:
    router.add_api_route(path + MASK, refuse_webhook, methods=sorted(METHODS))
