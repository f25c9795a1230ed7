"""What each service may say and hear on NATS; every group says why it exists.

NATS has no wildcard inside a token, so that "all consumers called menus-…" cannot be written.
Hence the rule: a service's durable consumer on any stream is called like the service.
"""

from dataclasses import dataclass

EVENT_STREAMS = ("AUTH", "CATALOG", "INGEST", "MENUS")


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
        allowed += [create, f"{create}.>", older, *_working(stream, service)]
    for stream, subject in (("JOBS", "job"), ("DLQ", "dlq")):
        # The server checks that the filter in the subject is the filter of the consumer, so
        # that a service sees only its own jobs and dead letters.
        allowed += [
            f"$JS.API.CONSUMER.CREATE.{stream}.{service}.{subject}.{service}.>",
            *_working(stream, service),
            # A look at one message: the schedule that is set, the dead letter to replay.
            f"$JS.API.STREAM.MSG.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}.>",
        ]
    # A dead letter that was replayed or given up is taken out.
    return [*allowed, "$JS.API.STREAM.MSG.DELETE.DLQ"]


def _working(stream: str, service: str) -> list[str]:
    return [
        f"$JS.API.CONSUMER.INFO.{stream}.{service}",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{service}",
        f"$JS.ACK.{stream}.{service}.>",
    ]


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
