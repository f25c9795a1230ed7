"""How bytes become requests: with a bound on their head, and refusals like all other ones."""

from http import HTTPStatus

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

LONGEST_HEAD = 65_536
# Whoever is still sending reads an answer only if the connection does not end under their hands.
LINGER_SECONDS = 1.0


class HeadTooLongError(Exception):
    """Raised inside the parser, to end it."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own keeps whatever a stranger sends before the end of the headers, without end."""

    _head = 0
    """Bytes received since the request began, until its headers end."""
    _in_head = True
    _refused = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > LONGEST_HEAD and not self._refused:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        # Cheap first: what came is the head and perhaps some of the body.
        if self._head > LONGEST_HEAD and self._size_of_head() > LONGEST_HEAD:
            raise HeadTooLongError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn for all that the parser refuses."""
        if not self._in_head and self._size_of_head() > LONGEST_HEAD:
            self._refuse_head()
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, "MALFORMED_REQUEST", msg)

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse_head(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "REQUEST_HEAD_TOO_LARGE",
            f"Address and headers may be at most {LONGEST_HEAD} bytes long.",
        )

    def _refuse(self, status: HTTPStatus, reason: str, detail: str) -> None:
        """Answer in the place of the application, which cannot be told of such a request."""
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        body = orjson.dumps(
            {
                "type": "about:blank",
                "title": status.phrase,
                "status": status,
                "detail": detail,
                "reason": reason,
            }
        )
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], lines, body))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
