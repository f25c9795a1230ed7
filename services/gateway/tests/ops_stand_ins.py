"""What every service answers administrators, as the contract says."""

from tastebuds.ops.v1 import ops_service_pb2 as ops_pb
from tastebuds.ops.v1.ops_service_pb2_grpc import OpsServiceServicer

from .stand_ins import CREATED, StandIn, after, not_found

SWEEPS = {
    "auth": ("sessions", "inbox"),
    "catalog": ("inbox",),
    "ingest": ("jobs", "inbox"),
    "menus": (),
}


def report(service, **fields):
    """A report of a healthy service, with some fields changed."""
    consumer = ops_pb.Consumer(
        stream="JOBS", name=f"{service}-sweeps", subjects=[f"job.{service}.sweeps.>"], pending=2,
        in_flight=1, failed_last_hour=3,
    )  # fmt: skip
    schedules = [
        ops_pb.Schedule(
            name=name, cron="0 */10 * * * *", time_zone="UTC", next_run_at=after(60),
            last_finished_at=CREATED, last_result="ok", description="Deletes what is old.",
        )
        for name in SWEEPS[service]
    ]  # fmt: skip
    replica = ops_pb.Replica(id="0198", host="den", pid=7, version="0.1.0", since=CREATED)
    healthy = {
        "outbox": ops_pb.Outbox(waiting=1, oldest_age_seconds=0.5),
        "consumers": [consumer],
        "schedules": schedules,
        "replicas": [replica],
        "jobs_waiting": 4,
    }
    return ops_pb.GetQueuesResponse(service=service, **healthy | fields)


def bury(world, service, letter_id, **fields):
    letter = ops_pb.DeadLetter(
        id=letter_id, service=service, stream="JOBS", buried_at=CREATED, attempts=8,
        **{"consumer": f"{service}-sweeps", "subject": f"job.{service}.x", "error": "no"} | fields,
    )  # fmt: skip
    world.dead_letters[letter_id] = letter
    return letter


class Ops(StandIn, OpsServiceServicer):
    def __init__(self, world, service):
        super().__init__(world)
        self.service = service

    async def GetQueues(self, request, context):
        self._called("GetQueues", request)
        if self.service == "catalog" and self.world.before_answer is not None:
            await self.world.before_answer()
        return self.world.reports.get(self.service) or report(self.service)

    async def ListDeadLetters(self, request, context):
        self._called("ListDeadLetters", request)
        every = [letter for letter in self._mine() if letter.id > request.after_id]
        found = [
            letter
            for letter in every[: self.world.letters_read]
            if letter.consumer.startswith(request.consumer)
            and request.text in letter.error
            and bool(letter.discarded_by) is request.discarded
        ]
        end = 0
        if len(found) > request.page_size:
            found = found[: request.page_size]
            end = found[-1].id
        elif len(every) > self.world.letters_read:
            end = every[self.world.letters_read - 1].id
        return ops_pb.ListDeadLettersResponse(
            dead_letters=found, has_more=end > 0, next_after_id=end
        )

    async def ReplayDeadLetters(self, request, context):
        self._called("ReplayDeadLetters", request)
        known = [letter.id for letter in self._mine() if letter.id in request.ids]
        for letter_id in known:
            # It fails again at once.
            letter = self.world.dead_letters.pop(letter_id)
            bury(self.world, self.service, letter_id + 100_000, error=letter.error)
        return ops_pb.ReplayDeadLettersResponse(replayed_ids=known)

    async def DiscardDeadLetters(self, request, context):
        self._called("DiscardDeadLetters", request)
        known = [letter for letter in self._mine() if letter.id in request.ids]
        for letter in known:
            letter.discarded_by, letter.discard_reason = "ada", request.reason
        new_ids = {letter.id: letter.id + 100_000 for letter in known}
        return ops_pb.DiscardDeadLettersResponse(discarded_ids=new_ids, new_ids=new_ids)

    async def PauseConsumer(self, request, context):
        self._called("PauseConsumer", request)
        return ops_pb.PauseConsumerResponse(paused_until=after(request.seconds))

    async def ResumeConsumer(self, request, context):
        self._called("ResumeConsumer", request)
        if request.consumer == "gone":
            raise not_found("Consumer")
        return ops_pb.ResumeConsumerResponse()

    async def RunSweep(self, request, context):
        self._called("RunSweep", request)
        if request.name not in SWEEPS[self.service]:
            raise not_found("Sweep")
        return ops_pb.RunSweepResponse()

    def _mine(self):
        letters = self.world.dead_letters
        return [letters[key] for key in sorted(letters) if letters[key].service == self.service]

    def _called(self, name, request):
        self.world.called(f"{self.service}.{name}", request)
