"""What operators are told, as messages of tastebuds.ops.v1; fields are named there as here."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError, Message

from common.letters import Letter
from common.presence import Replica
from common.queue_report import ConsumerReport, QueueReport, ScheduleReport
from common.timestamps import timestamp
from tastebuds.ops.v1 import ops_service_pb2 as pb

# Of each body, so that a page of a hundred fits in one answer.
SHOWN_BYTES = 16 * 1024
SHOWN_JSON = 48 * 1024

# Kinds of messages by the last part of their subject.
Kinds = Mapping[str, type[Message]]


def from_report(report: QueueReport) -> pb.GetQueuesResponse:
    return pb.GetQueuesResponse(
        service=report.service,
        outbox=pb.Outbox(**asdict(report.outbox)) if report.outbox else None,
        consumers=[pb.Consumer(**_fields(each)) for each in report.consumers],
        schedules=[pb.Schedule(**_fields(each)) for each in report.schedules],
        dead_letters=report.dead_letters,
        jobs_waiting=report.jobs_waiting,
        replicas=[pb.Replica(**_fields(each)) for each in report.replicas],
        warnings=report.warnings,
    )


def from_letter(letter: Letter, kinds: Kinds) -> pb.DeadLetter:
    fields = _fields(letter) | {
        "body": letter.body[:SHOWN_BYTES],
        "body_size": len(letter.body),
        "body_json": _json_of(letter, kinds),
    }
    return pb.DeadLetter(id=fields.pop("letter_id"), **fields)


def _fields(told: ConsumerReport | ScheduleReport | Replica | Letter) -> dict[str, Any]:
    return {
        name: timestamp(value) if isinstance(value, datetime) else value
        for name, value in asdict(told).items()
    }


def _json_of(letter: Letter, kinds: Kinds) -> str:
    """Empty when the body is nothing that this service knows, or too long."""
    kind = kinds.get(letter.subject.rpartition(".")[2])
    if kind is None or len(letter.body) > SHOWN_BYTES:
        return ""
    try:
        written = MessageToJson(kind.FromString(letter.body), indent=None)
    except DecodeError:
        return ""
    return written if len(written) <= SHOWN_JSON else ""
