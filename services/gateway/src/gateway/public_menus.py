"""Published menus as finished answers, and the door that gives them out without a framework."""

from dataclasses import dataclass

from starlette.responses import Response

from gateway.asgi import (
    SECURITY_HEADERS,
    Application,
    Headers,
    Receive,
    Scope,
    Send,
    count_request,
    request_id,
)
from gateway.cache import Cache

PUBLIC_MENUS = "/api/public/menus/"
PUBLIC_MENU_ROUTE = "/api/public/menus/{slug}"
# Browsers ask each time and mostly hear 304; the edge may answer by itself for half a minute, which
# is how long a menu can outlive its withdrawal there.
CACHE_CONTROL = b"public, max-age=0, s-maxage=30, must-revalidate"


@dataclass(frozen=True, slots=True)
class PublishedMenu:
    """The finished document with the headers of both its answers."""

    body: bytes
    etag: bytes
    headers: Headers
    unchanged_headers: Headers

    @classmethod
    def of(cls, document: bytes, etag: str, *, varies_by_origin: bool) -> "PublishedMenu":
        quoted = b'"' + etag.encode("ascii") + b'"'
        shared = [(b"etag", quoted), (b"cache-control", CACHE_CONTROL)]
        if varies_by_origin:
            shared.append((b"vary", b"Origin"))
        described = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(document)).encode()),
        ]
        return cls(
            body=document,
            etag=quoted,
            headers=[*described, *shared],
            unchanged_headers=shared,
        )

    def answer(self, method: str, if_none_match: str | None) -> Response:
        known = self.is_known_to(if_none_match.encode("latin-1") if if_none_match else None)
        response = Response(b"" if known or method == "HEAD" else self.body, 304 if known else 200)
        headers = self.unchanged_headers if known else self.headers
        # On this way the CORS layer says by what the answer varies.
        response.raw_headers = [header for header in headers if header[0] != b"vary"]
        return response

    def is_known_to(self, if_none_match: bytes | None) -> bool:
        """RFC 9110 §13.1.2: a list or `*`, compared weakly."""
        if if_none_match is None:
            return False
        if if_none_match == self.etag:
            return True
        tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
        return any(tag in (self.etag, b"*") for tag in tags)


class PublicMenuDoor:
    """Stands before everything else: a warm published menu costs one look-up.

    What it does not know, and what browsers ask for across origins, goes on to `app`.
    """

    def __init__(self, app: Application, menus: Cache[PublishedMenu]) -> None:
        self._app = app
        self._menus = menus

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PUBLIC_MENUS):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        menu = self._menus.find(scope["path"][len(PUBLIC_MENUS) :])
        if menu is None or method not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        if_none_match = given_id = None
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                if_none_match = value
            elif name == b"x-request-id":
                given_id = value
            elif name == b"origin":
                await self._app(scope, receive, send)
                return
        unchanged = menu.is_known_to(if_none_match)
        status, headers = (304, menu.unchanged_headers) if unchanged else (200, menu.headers)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, *SECURITY_HEADERS, (b"x-request-id", request_id(given_id))],
            }
        )
        body = b"" if unchanged or method == "HEAD" else menu.body
        await send({"type": "http.response.body", "body": body})
        count_request(method, PUBLIC_MENU_ROUTE, status)
