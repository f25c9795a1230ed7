"""NATS as an operator's request finds it: there, or away for now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError

from common.ops.errors import NatsUnavailable


@asynccontextmanager
async def reaching_nats() -> AsyncIterator[None]:
    try:
        yield
    except NotFoundError:
        raise
    except (NatsError, OSError, TimeoutError) as error:
        raise NatsUnavailable from error
