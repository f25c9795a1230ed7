"""Reading the documents that menus answers, into the messages that it answers for their parts."""

import json
from dataclasses import dataclass

from google.protobuf.json_format import ParseDict
from google.protobuf.timestamp_pb2 import Timestamp

from tastebuds.menus.v1.course_pb2 import Course


@dataclass(frozen=True)
class Menu:
    id: str
    owner_id: str
    title: str
    description: str | None
    slug: str
    is_public: bool
    created_at: Timestamp
    updated_at: Timestamp
    courses: list[Course]


def read(document):
    """Fails for a field that is missing, or one too many."""
    fields = json.loads(document)
    assert fields.pop("pairings") == []
    for name in ("created_at", "updated_at"):
        fields[name] = moment(fields[name])
    fields["courses"] = [course(one) for one in fields["courses"]]
    return Menu(**fields)


def course(fields):
    for item in fields["items"]:
        media = item["media_item"]
        media["media_type"] = f"MEDIA_TYPE_{media['media_type'].upper()}"
        metadata = media.pop("metadata")
        media["metadata_json"] = None if metadata is None else json.dumps(metadata)
    return ParseDict(fields, Course())


def moment(text):
    timestamp = Timestamp()
    timestamp.FromJsonString(text)
    return timestamp
