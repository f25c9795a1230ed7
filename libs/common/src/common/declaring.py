"""Durable consumers as they are declared on the server."""

from contextlib import suppress

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from common.tallies import ConsumerState

# Longer than a try may take.
ACK_WAIT_SECONDS = 30


async def declare(jetstream: JetStreamContext, state: ConsumerState, most_pending: int) -> None:
    """`most_pending` may be unacknowledged at once. Never for less than it is there for.

    An older replica that connects again would take away what a newer one has added, and nobody
    would ever see those events. Hence subjects of a handler that was removed stay as well, and what
    comes on them ends as dead letters, which are seen: a kind that is not wanted any more keeps a
    handler that does nothing.
    """
    subjects = set(state.subjects)
    with suppress(NotFoundError):  # it is new
        there = await jetstream.consumer_info(state.stream, state.durable)
        subjects.update(subjects_of(there.config))
    await jetstream.add_consumer(state.stream, _config(state, sorted(subjects), most_pending))


def subjects_of(config: ConsumerConfig) -> list[str]:
    """One is stated otherwise than many."""
    one = [config.filter_subject] if config.filter_subject else []
    return config.filter_subjects or one


def _config(state: ConsumerState, subjects: list[str], most_pending: int) -> ConsumerConfig:
    return ConsumerConfig(
        name=state.durable,  # by which the server knows whether we may
        durable_name=state.durable,
        # The server looks at who may have which jobs, by one subject.
        filter_subject=subjects[0] if len(subjects) == 1 else None,
        filter_subjects=subjects if len(subjects) > 1 else None,
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=most_pending,
    )
