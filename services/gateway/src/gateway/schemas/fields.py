"""Kinds of field that the public contract is made of, with their limits."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import email_validator
import orjson
from fastapi import Header, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

LARGEST_INT = 2**31 - 1
LONGEST_METADATA = 50_000
# As far as the settings of menus go; what is allowed on this server is for menus to say.
MOST_COURSES = 500
MOST_ITEMS = 1_000
DEEPEST_METADATA = 16
MOST_MEDIA = 500


class Schema(BaseModel):
    """Unknown fields are ignored, so that newer clients can speak to older servers."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class StrictSchema(Schema):
    """Unknown fields are refused: what a client meant by them would be lost without a word."""

    model_config = ConfigDict(extra="forbid")


def refuse_null(change: BaseModel, *names: str) -> None:
    """Whoever leaves a member out leaves it as it is; null would empty what cannot be empty."""
    for name in names:
        if name in change.model_fields_set and getattr(change, name) is None:
            raise PydanticCustomError("not_null", "{name} should not be null", {"name": name})


def _without_nul(value: str) -> str:
    # Postgres cannot store it; lone surrogates are refused by pydantic itself.
    if "\0" in value:
        raise PydanticCustomError("nul_character", "String should not contain NUL characters")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not value.isprintable():
        raise PydanticCustomError("url", "Input should be an http or https address")
    return value


def _email(value: str) -> str:
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized
    except email_validator.EmailNotValidError as error:
        raise PydanticCustomError(
            "value_error",
            "value is not a valid email address: {reason}",
            {"reason": str(error).rstrip(".")},
        ) from None


def _in_utc(value: datetime) -> datetime:
    """Times without an offset are UTC, as in the earlier version."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime", "Input is out of range") from None


def _plain_json(value: dict[str, Any]) -> dict[str, Any]:
    _check_json(value, 0)
    if len(orjson.dumps(value)) > LONGEST_METADATA:
        raise PydanticCustomError(
            "object_too_long", f"Object should have at most {LONGEST_METADATA} bytes as JSON"
        )
    return value


def _check_json(value: Any, depth: int) -> None:
    if depth > DEEPEST_METADATA:
        raise PydanticCustomError("object_too_deep", "Object is nested too deeply")
    if isinstance(value, dict):
        for key, member in value.items():
            _check_json(key, depth)
            _check_json(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check_json(member, depth + 1)
    elif isinstance(value, str):
        _without_nul(value)
        if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
            raise PydanticCustomError("string_unicode", "String should be valid Unicode")
    elif isinstance(value, float) and not math.isfinite(value):
        raise PydanticCustomError("finite_number", "Input should be a finite number")
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise PydanticCustomError("int_range", "Number should fit in 64 bits")


def words(longest: int) -> StringConstraints:
    """At least one character that is no white space."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


Clean = AfterValidator(_without_nul)

Name = Annotated[str, words(255), Clean]
# Not a Name with one limit more: the narrower one would count "items after validation".
ShortName = Annotated[str, words(64), Clean]
Code = Annotated[str, words(32), Clean]
Title = Annotated[str, words(255), Clean]
LongTitle = Annotated[str, words(500), Clean]
ShortText = Annotated[str, StringConstraints(max_length=500), Clean]
LongText = Annotated[str, StringConstraints(max_length=10_000), Clean]
WebAddress = Annotated[str, StringConstraints(max_length=1024), Clean, AfterValidator(_web_address)]
Email = Annotated[
    str,
    StringConstraints(max_length=254),
    Clean,
    AfterValidator(_email),
    Field(examples=["ada@example.org"], json_schema_extra={"format": "email"}),
]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=8, max_length=1024),
    Clean,
    Field(examples=["correct horse battery"], json_schema_extra={"format": "password"}),
]
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    Clean,
    Field(examples=["correct horse battery"], json_schema_extra={"format": "password"}),
]
Token = Annotated[str, StringConstraints(max_length=1024), Clean]
Moment = Annotated[
    datetime, AfterValidator(_in_utc), Field(examples=["2026-11-23T08:15:30.123456Z"])
]
Metadata = Annotated[dict[str, Any], AfterValidator(_plain_json)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=LARGEST_INT)]
Ids = Annotated[list[UUID], Field(max_length=MOST_ITEMS)]

MediaIds = Annotated[list[UUID], Field(max_length=MOST_MEDIA)]

Limit = Annotated[int, Query(ge=1, le=100, description="Most entries in one answer.")]
LongLimit = Annotated[int, Query(ge=1, le=1000, description="Most entries in one answer.")]
Cursor = Annotated[
    str,
    StringConstraints(max_length=512),
    Clean,
    Query(description="Where to go on, as the `Link` header of the answer before says."),
]
Slug = Annotated[
    str,
    StringConstraints(max_length=255),
    Clean,
    Path(description="The readable part of a menu's address.", examples=["a-night-in-lisbon"]),
]
IdempotencyKey = Annotated[
    str,
    StringConstraints(max_length=255, pattern=r"^[\x21-\x7e]*$"),
    Header(
        description="A second request with the same key answers what the first did.",
        examples=["0198c0de-6f3a-7cc0-9d1b-3b1f0a4e2c11"],
    ),
]
