"""One try of what a message asks for, and what becomes of the message afterwards."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import Header

from common import dead_letters, jobs, telemetry
from common.db import now
from common.envelopes import carried_headers, place_of
from common.failures import Unknown, in_words, limited, patience_with
from common.jobs import Delivery, HandOver, TryLater
from common.patience import TURN
from common.tallies import ConsumerState

log = structlog.get_logger()

AWAY_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class WorkItem:
    """What a message asks for, once it is understood; `name` ends the subjects of its kind."""

    service: str
    name: str
    delivery: Delivery
    handle: Callable[[], Awaitable[None]]
    # Told the error in words, before the message becomes a dead letter.
    give_up: Callable[[str], Awaitable[None]] | None = None

    def subject_in(self, lane: str) -> str:
        return f"job.{self.service}.{lane}.{self.name}"


async def refuse(words: str) -> None:
    """Handles what this version does not know."""
    raise Unknown(words)


@dataclass(frozen=True, slots=True)
class Try:
    """Where a message goes on to is stored there before it is taken off its stream.

    It is stored under its place on that stream, so that a lost acknowledgement doubles nothing.
    """

    jetstream: JetStreamContext
    message: Msg
    item: WorkItem
    state: ConsumerState

    async def run(self) -> None:
        try:
            await limited(self.item.handle())
        except CancelledError:  # a stop was not willing to wait any longer
            await self.message.nak()
            raise
        except HandOver as other:
            await self._go_on(self.item.subject_in(other.lane), self.item.delivery.attempt)
        except Exception as error:  # noqa: BLE001 boundary: the message must be given back
            await self._settle(error)
        else:
            await self.message.ack()
            self.state.count_done()

    async def _settle(self, error: Exception) -> None:
        if await self._waits_uncounted(error):
            return
        self._note(error)
        delivery = self.item.delivery
        if delivery.is_last or isinstance(error, Unknown):
            await self._give_up(in_words(error))
        else:
            pause = delivery.lane.pause_after(delivery.attempt)
            await self._wait(_wanted_by(error, pause), delivery.attempt + 1)

    async def _waits_uncounted(self, error: Exception) -> bool:
        patience = patience_with(error)
        waits = patience.waits_of(self.message) if patience else 0
        if patience is None or waits >= patience.most:
            return False
        if patience is not TURN:
            self.state.note(in_words(error))
        if not waits and self.message.metadata.num_delivered <= patience.given_back:
            await self.message.nak(delay=AWAY_SECONDS)
        else:
            seconds = _wanted_by(error, patience.seconds)
            counted = {patience.header: str(waits + 1)}
            await self._wait(seconds, self.item.delivery.attempt, **counted)
        return True

    def _note(self, error: Exception) -> None:
        self.state.note(in_words(error))
        self.state.count_failed()
        telemetry.mark_failed(error)
        log.warning(
            "try failed",
            subject=self.message.subject,
            message_id=str(self.item.delivery.message_id),
            attempt=self.item.delivery.attempt,
            error=in_words(error),
            exc_info=None if isinstance(error, TryLater) else error,
        )

    async def _wait(self, seconds: float, attempt: int, **headers: str) -> None:
        """As a schedule on the server, which holds no slot."""
        delivery = self.item.delivery
        due = now() + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT_SECONDS))
        schedule = {
            Header.SCHEDULE.value: f"@at {due:%Y-%m-%dT%H:%M:%S.%fZ}",
            Header.SCHEDULE_TARGET.value: self.item.subject_in(delivery.lane.name),
        }
        subject = f"sched.{self.item.service}.retry.{delivery.message_id}"
        await self._go_on(subject, attempt, **headers, **schedule)

    async def _go_on(self, subject: str, attempt: int, **more: str) -> None:
        place = place_of(self.message)
        ours = {
            Header.MSG_ID.value: f"next.{self.state.durable}.{place}",
            jobs.MESSAGE_ID: str(self.item.delivery.message_id),
            jobs.ATTEMPT: str(attempt),
        }
        headers = carried_headers(self.message) | ours | more
        await self.jetstream.publish(subject, self.message.data, headers=headers)
        await self.message.ack()

    async def _give_up(self, words: str) -> None:
        if self.item.give_up is not None:
            try:
                await limited(self.item.give_up(words))
            except Exception as error:  # noqa: BLE001 boundary: it becomes a dead letter anyhow
                if await self._waits_uncounted(error):
                    return
                words = f"{words} / giving up: {in_words(error)}"
        attempts = self.item.delivery.attempt
        await dead_letters.bury(self.jetstream, self.message, self.state, attempts, words)


def _wanted_by(error: Exception, otherwise: float) -> float:
    """Seconds to wait."""
    if isinstance(error, TryLater) and error.after is not None:
        return error.after
    return otherwise
