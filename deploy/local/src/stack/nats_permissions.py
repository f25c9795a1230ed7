"""What each service may say and hear on NATS; every group says why it exists.

NATS has no wildcard inside a token, so that "all consumers called menus-…" cannot be written.
Hence the rules: a service's durable consumer on a stream of events is called like the service, and
those on the work queue like its lanes, which are named here; but ingest has one for each upstream,
so that it may use any name that is not another's.
"""

from dataclasses import dataclass

EVENT_STREAMS = ("AUTH", "CATALOG", "INGEST", "MENUS")
# Lanes of every service that owns data: what is due, and events that failed or are played again.
LANES = ("sweeps", "replays")
NAMES_ITS_LANES = "ingest"


@dataclass(frozen=True)
class Permissions:
    """`deny_publish` takes away again what a wildcard in `publish` allows too much."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    deny_publish: tuple[str, ...] = ()


def permissions_of(service: str) -> Permissions:
    publish = [*_presence(), *_introspection()]
    subscribe = [f"_INBOX_{service}.>", "$SRV.>"]
    deny: list[str] = []
    if service == "gateway":
        publish += _following()
        deny += _durables_of_others()
    else:
        publish += [*_speaking(service), *_declaring(service), *_consuming(service)]
        publish += [*_working(service), *_mending()]
        if service == NAMES_ITS_LANES:
            deny += _lanes_of_others(service)
    return Permissions(tuple(publish), tuple(subscribe), tuple(deny))


def _presence() -> list[str]:
    # Asking which replicas live ($SRV.PING.menus). The answers go to the asker's inbox, which
    # `allow_responses` opens for one reply.
    return ["$SRV.>"]


def _introspection() -> list[str]:
    # Readiness and the queue pages read the account, the streams and the consumers' numbers.
    return ["$JS.API.INFO", "$JS.API.STREAM.INFO.>", "$JS.API.STREAM.NAMES"]


def _speaking(service: str) -> list[str]:
    # Own events, own jobs and their schedules, own dead letters: nobody else's.
    return [
        f"tastebuds.{service}.v1.>",
        f"job.{service}.>",
        f"sched.{service}.>",
        f"dlq.{service}.>",
    ]


def _declaring(service: str) -> list[str]:
    # Streams are created idempotently at start: the own one, and the two that all share.
    streams = (service.upper(), "JOBS", "DLQ")
    return [f"$JS.API.STREAM.{verb}.{name}" for name in streams for verb in ("CREATE", "UPDATE")]


def _consuming(service: str) -> list[str]:
    allowed = []
    for stream in EVENT_STREAMS:
        # Anybody's events, by the own durable, with no, one or many filter subjects.
        create = f"$JS.API.CONSUMER.CREATE.{stream}.{service}"
        older = f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{service}"
        allowed += [create, f"{create}.>", older, *_taking(stream, service)]
        # The age of the oldest that waits.
        allowed.append(f"$JS.API.STREAM.MSG.GET.{stream}")
    return allowed


def _working(service: str) -> list[str]:
    lanes = ["*"] if service == NAMES_ITS_LANES else [f"{service}-{lane}" for lane in LANES]
    allowed = []
    for lane in lanes:
        # The server checks that the filter in the subject is the filter of the consumer, so
        # that a service takes only its own jobs.
        allowed += [f"$JS.API.CONSUMER.CREATE.JOBS.{lane}.job.{service}.>", *_taking("JOBS", lane)]
    # A look at one message: the schedule that is set, the age of the oldest job. Jobs hold ids.
    return [*allowed, "$JS.API.STREAM.MSG.GET.JOBS"]


def _mending() -> list[str]:
    # Dead letters are listed one after the other; what is replayed or given up is taken out.
    return ["$JS.API.STREAM.MSG.GET.DLQ", "$JS.API.STREAM.MSG.DELETE.DLQ"]


def _taking(stream: str, consumer: str) -> list[str]:
    return [
        *(f"$JS.API.CONSUMER.{verb}.{stream}.{consumer}" for verb in ("INFO", "MSG.NEXT", "PAUSE")),
        f"$JS.ACK.{stream}.{consumer}.>",
    ]


def _lanes_of_others(service: str) -> list[str]:
    others = [other.lower() for other in EVENT_STREAMS if other.lower() != service]
    denied = []
    for durable in (f"{other}-{lane}" for other in others for lane in LANES):
        denied += [f"$JS.API.CONSUMER.CREATE.JOBS.{durable}.>", *_taking("JOBS", durable)]
    return denied


def _following() -> list[str]:
    # Each gateway reads the events through an ephemeral consumer, whose name the server makes up.
    return [
        *(f"$JS.API.CONSUMER.CREATE.{stream}" for stream in EVENT_STREAMS),
        *(
            f"$JS.API.CONSUMER.{verb}.{stream}.*"
            for stream in EVENT_STREAMS
            for verb in ("INFO", "MSG.NEXT", "DELETE")
        ),
    ]


def _durables_of_others() -> list[str]:
    # A made-up name cannot be told from a durable's, so these are named: nobody takes the
    # messages of a service or deletes its consumer.
    return [
        f"$JS.API.CONSUMER.{verb}.*.{stream.lower()}"
        for stream in EVENT_STREAMS
        for verb in ("MSG.NEXT", "DELETE")
    ]
