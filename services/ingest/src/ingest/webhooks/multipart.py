"""Parts of a multipart/form-data body."""

import re

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ingest.webhooks.errors import Unreadable

_MOST_PARTS = 20
_FIRST_LINE = re.compile(rb"\s*--([^\r\n]{1,200})(\r?\n)")


def boundary_of(body: bytes, content_type: str) -> bytes | None:
    """What the body begins with, else what the content type says; None: it is no such body."""
    if match := _FIRST_LINE.match(body):
        return match[1].rstrip()
    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    boundary = options.get(b"boundary") if kind == b"multipart/form-data" else None
    return boundary if boundary and b"--" + boundary in body else None


def parts_of(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """The contents of the parts by name; pictures are left out. Raises Unreadable."""
    body = body[body.find(b"--" + boundary) :]
    match = _FIRST_LINE.match(body)
    if match and match[2] == b"\n":  # kept or passed on by something that changed the line ends
        body = body.replace(b"\n", b"\r\n")
    form = _Form()
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": form.on_part_begin,
            "on_header_field": form.on_header_field,
            "on_header_value": form.on_header_value,
            "on_header_end": form.on_header_end,
            "on_part_data": form.on_part_data,
        },
    )
    try:
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Unreadable("the multipart form is broken") from error
    return {name: bytes(content) for name, content in form.parts.items()}


class _Form:
    """What the parser finds, piece by piece."""

    def __init__(self) -> None:
        self.parts: dict[str, bytearray] = {}
        self._begun = 0
        self._content: bytearray | None = None
        self._field = b""
        self._value = b""

    def on_part_begin(self) -> None:
        self._begun += 1
        self._content = None
        if self._begun > _MOST_PARTS:
            raise Unreadable(f"the form has more than {_MOST_PARTS} parts")

    def on_header_field(self, chunk: bytes, start: int, end: int) -> None:
        self._field += chunk[start:end]

    def on_header_value(self, chunk: bytes, start: int, end: int) -> None:
        self._value += chunk[start:end]

    def on_header_end(self) -> None:
        kind, options = parse_options_header(self._value)
        match self._field.lower():
            case b"content-disposition" if b"name" in options:
                name = options[b"name"].decode(errors="replace")
                self._content = self.parts.setdefault(name, bytearray())
            case b"content-type" if kind.startswith(b"image/"):
                self._content = None
        self._field = self._value = b""

    def on_part_data(self, chunk: bytes, start: int, end: int) -> None:
        if self._content is not None:
            self._content += chunk[start:end]
