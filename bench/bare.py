"""The limit of the door: an ASGI app that answers bytes and does nothing else."""

import os

BODY = b"x" * int(os.environ.get("BARE_BYTES", "3000"))
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, ARG001
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
