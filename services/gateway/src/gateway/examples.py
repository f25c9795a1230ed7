"""Examples of bodies and answers in the OpenAPI document, put together from their fields'."""

from collections.abc import Mapping
from typing import Any

Schemas = Mapping[str, Any]

JSON = "application/json"
FORMATS = {
    "uuid": "0198c0de-6f3a-7cc0-9d1b-3b1f0a4e2c11",
    "date-time": "2026-11-23T08:15:30.123456Z",
}
PLAIN = {"boolean": True, "integer": 1, "number": 0.5, "string": "…"}


def add(content: dict[str, Any], schemas: Schemas) -> None:
    """To JSON whose schema leads to one."""
    if JSON in content and (example := _example(content[JSON].get("schema", {}), schemas)):
        content[JSON]["example"] = example


def _example(schema: Mapping[str, Any], schemas: Schemas) -> Any:
    """Of alternatives the first."""
    match schema:
        case {"examples": [first, *_]} | {"enum": [first, *_]} | {"const": first}:
            return first
        case {"$ref": str(reference)}:
            return _example(schemas[reference.rpartition("/")[2]], schemas)
        case {"anyOf": [first, *_]}:
            return _example(first, schemas)
        case {"type": "array", "items": items}:
            return [_example(items, schemas)]
        case {"type": "object"}:
            return _members(schema, schemas)
    return FORMATS.get(schema.get("format", ""), PLAIN.get(schema.get("type", "")))


def _members(schema: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    """Those that are always there, or that have an example."""
    required = schema.get("required", ())
    return {
        name: _member(name, member, schemas)
        for name, member in schema.get("properties", {}).items()
        if name in required or "examples" in member or "const" in member
    }


def _member(name: str, schema: Mapping[str, Any], schemas: Schemas) -> Any:
    if "examples" not in schema:
        if {"type": "null"} in schema.get("anyOf", ()):
            return None
        if name.endswith("id") and schema.get("type") == "string":
            return FORMATS["uuid"]
    return _example(schema, schemas)
