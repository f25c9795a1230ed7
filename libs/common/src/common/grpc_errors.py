"""The one place where a domain error becomes a gRPC status, and back."""

from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode
from grpc.aio import AioRpcError
from grpc_status import rpc_status

from common.errors import DomainError, Kind

Trailing = tuple[tuple[str, str | bytes], ...]

STATUS_BY_KIND = {
    Kind.INVALID: StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: StatusCode.UNAUTHENTICATED,
    Kind.FORBIDDEN: StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: StatusCode.NOT_FOUND,
    Kind.CONFLICT: StatusCode.ALREADY_EXISTS,
    Kind.STALE: StatusCode.ABORTED,
    Kind.PRECONDITION: StatusCode.FAILED_PRECONDITION,
    Kind.RATE_LIMITED: StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: StatusCode.UNAVAILABLE,
}
KIND_BY_STATUS = {status: kind for kind, status in STATUS_BY_KIND.items()} | {
    # No answer in time, or a connection that broke: the callee is away.
    StatusCode.DEADLINE_EXCEEDED: Kind.UNAVAILABLE,
    StatusCode.CANCELLED: Kind.UNAVAILABLE,
    # It is older than we are, and will know the RPC once it has been replaced.
    StatusCode.UNIMPLEMENTED: Kind.UNAVAILABLE,
}
DETAILS_KEY = "grpc-status-details-bin"
# gRPC retry design (gRFC A6): a negative pushback tells the client's retry policy to give up. A
# domain error was decided by the service; only a service that could not be reached is retried.
NO_RETRY = ("grpc-retry-pushback-ms", "-1")
# A callee whose trailers have more than 8 KiB is taken for broken. The message is in them twice,
# with up to 4.4 bytes for each of its own; the metadata once, with 1.4.
MESSAGE_BYTES = 1_000
METADATA_BYTES = 2_000


class RemoteError(DomainError):
    """A domain error of another service, with its kind, reason and words kept."""

    def __init__(
        self, kind: Kind, reason: str, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.kind = kind
        self.reason = reason


def to_metadata(error: DomainError, domain: str) -> tuple[StatusCode, str, Trailing]:
    """Code, message and trailing metadata: google.rpc.ErrorInfo, and RetryInfo where it helps."""
    code = STATUS_BY_KIND[error.kind]
    message, metadata = _shortened(error)
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=domain, metadata=metadata)
    details = [_packed(info)]
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    number: int = code.value[0]
    status = status_pb2.Status(code=number, message=message, details=details)
    return code, message, ((DETAILS_KEY, status.SerializeToString()), NO_RETRY)


def from_rpc_error(error: AioRpcError) -> DomainError | None:
    """The domain error behind a failed call; None when the callee itself is broken."""
    kind = KIND_BY_STATUS.get(error.code())
    if kind is None:
        return None
    # grpcio-status reads the blocking client's calls; an AioRpcError has the same three methods.
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    retry_after = None
    for detail in status.details if status is not None else ():
        if detail.Unpack(retry):
            retry_after = retry.retry_delay.ToMilliseconds() / 1000
        detail.Unpack(info)
    if not info.reason:
        return _without_details(kind)
    remote = RemoteError(kind, info.reason, error.details() or "", retry_after)
    remote.metadata = dict(info.metadata)
    return remote


def _shortened(error: DomainError) -> tuple[str, dict[str, str]]:
    """Message and metadata, without what trailers have no room for."""
    message = error.message.encode()[:MESSAGE_BYTES].decode(errors="ignore")
    metadata, room = dict[str, str](), METADATA_BYTES
    for name, value in error.metadata.items():
        room -= len(name.encode()) + len(value.encode())
        if room >= 0:
            metadata[name] = value
    return message, metadata


def _without_details(kind: Kind) -> DomainError | None:
    """Statuses made by gRPC itself: only the callee's absence is something a caller can handle."""
    if kind is not Kind.UNAVAILABLE:
        return None
    return RemoteError(
        kind, "SERVICE_UNAVAILABLE", "The service does not answer right now.", retry_after=1
    )


def _packed(message: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> any_pb2.Any:
    detail = any_pb2.Any()
    detail.Pack(message)
    return detail
