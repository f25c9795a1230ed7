"""Run the handlers of events: one message, one transaction, one effect."""

from functools import partial
from typing import Any
from uuid import UUID

from nats.aio.msg import Msg

from common.db import Database
from common.durables import GRACE_SECONDS, Durable
from common.envelopes import attempt_of, body_of, message_id_of
from common.handlers import Handler, Handlers
from common.inbox import InboxRow, is_first
from common.jobs import REPLAYS, Delivery, Lane
from common.tallies import ConsumerState
from common.trying import WorkItem, refuse
from common.working import name_of, state_of

# Events of a stream are done one after the other; so many are fetched together.
PORTION = 50


class Events:
    """The handlers of a service, by the full name of their event."""

    def __init__(
        self,
        service: str,
        handlers: Handlers,
        database: Database,
        inbox: type[InboxRow],
        lane: Lane = REPLAYS,
    ) -> None:
        self.service = service
        self.lane = lane
        self.handlers = {
            kind.DESCRIPTOR.full_name: (kind, handler) for kind, handler in handlers.items()
        }
        self._database = database
        self._inbox = inbox

    def item(self, name: str, message: Msg) -> WorkItem:
        delivery = Delivery(self.lane, message_id_of(message), attempt_of(message))
        if name not in self.handlers:
            refused = partial(refuse, f"no handler is there for {name}")
            return WorkItem(self.service, name, delivery, refused)
        kind, handler = self.handlers[name]
        event = body_of(kind, message)
        handle = partial(self._handle, handler, event, delivery.message_id)
        return WorkItem(self.service, name, delivery, handle)

    async def _handle(self, handler: Handler, event: Any, message_id: UUID) -> None:
        async with self._database.sessions.begin() as session:
            if await is_first(session, self._inbox, message_id):
                await handler(session, event)


class Consumer(Durable):
    """A service's durable consumer on one stream of events, named like the service.

    A message is acknowledged after the commit of its effects and its inbox row. What fails goes on
    in the lane of replays, so that it holds nobody up and its attempts are counted for good.
    """

    def __init__(
        self,
        service: str,
        stream: str,
        handlers: Handlers,
        database: Database,
        inbox: type[InboxRow],
        *,
        lane: Lane = REPLAYS,
        grace: float = GRACE_SECONDS,
    ) -> None:
        events = Events(service, handlers, database, inbox, lane)
        state = ConsumerState(service, stream, service, sorted(events.handlers))
        super().__init__(
            state,
            lambda message: events.item(message.subject, message),
            slots=1,
            portion=PORTION,
            grace=grace,
        )


class Replayer(Durable):
    """The durable consumer of the lane of replays: events once more, whatever their stream."""

    def __init__(
        self,
        service: str,
        handlers: Handlers,
        database: Database,
        inbox: type[InboxRow],
        *,
        lane: Lane = REPLAYS,
        grace: float = GRACE_SECONDS,
    ) -> None:
        events = Events(service, handlers, database, inbox, lane)
        state = state_of(service, lane)
        super().__init__(
            state,
            lambda message: events.item(name_of(message, state), message),
            slots=lane.concurrency,
            grace=grace,
        )
