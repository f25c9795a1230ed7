"""Problem details, RFC 9457."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from gateway.schemas.fields import Schema


class Fault(Schema):
    loc: list[str | int]
    """Where in the request: body, query, path or header, then the field."""
    msg: str
    type: str


class Problem(Schema):
    """What went wrong; further members hold the values that `detail` mentions."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    """For people."""
    instance: str
    """The path that was asked for."""
    reason: Annotated[str, Field(examples=["MENU_NOT_FOUND"])]
    """For programs."""
    trace_id: str | None
    """The trace's id, or the request's while nothing is traced; the logs know it."""
    errors: list[Fault] | None = None
    """The faults of a request that has not the right shape."""
    current_updated_at: datetime | None = None
    """Of a stale edit (409): when it was really changed last."""
