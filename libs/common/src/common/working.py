"""Work the jobs of a lane."""

from functools import partial

from nats.aio.msg import Msg

from common.durables import GRACE_SECONDS, Durable
from common.envelopes import attempt_of, body_of, message_id_of
from common.jobs import STREAM, Delivery, Jobs, Lane
from common.tallies import ConsumerState
from common.trying import WorkItem, refuse


class Worker(Durable):
    """The durable consumer of one lane; a job that waits for its next try holds no slot of it."""

    def __init__(
        self, service: str, lane: Lane, jobs: Jobs, *, grace: float = GRACE_SECONDS
    ) -> None:
        self._service = service
        self._lane = lane
        self._jobs = {kind.DESCRIPTOR.name: (kind, job) for kind, job in jobs.items()}
        super().__init__(
            state_of(service, lane), self._read_job, slots=lane.concurrency, grace=grace
        )

    def _read_job(self, message: Msg) -> WorkItem:
        name = name_of(message, self.state)
        delivery = Delivery(self._lane, message_id_of(message), attempt_of(message))
        if name not in self._jobs:
            refused = partial(refuse, f"no job is called {name}")
            return WorkItem(self._service, name, delivery, refused)
        kind, job = self._jobs[name]
        body = body_of(kind, message)
        return WorkItem(
            self._service,
            name,
            delivery,
            partial(job.handle, body, delivery),
            partial(job.give_up, body, delivery) if job.give_up else None,
        )


def state_of(service: str, lane: Lane) -> ConsumerState:
    subjects = [f"job.{service}.{lane.name}.>"]
    return ConsumerState(service, STREAM, f"{service}-{lane.name}", subjects)


def name_of(message: Msg, lane: ConsumerState) -> str:
    """The end of a job's subject, behind its lane."""
    return message.subject.removeprefix(lane.subjects[0].removesuffix(">"))
