"""Upstream catalogues that know every work with a number, and fail on demand."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

SLOW_SECONDS = 2.0
HANG_SECONDS = 30.0
RETRY_AFTER_SECONDS = 4


class Fault(StrEnum):
    SLOW = "slow"
    BROKEN = "500"
    THROTTLED = "429 with Retry-After"
    GARBAGE = "garbage"
    HANG = "hang"


class Upstreams:
    """`faults["tmdb"]` says how it fails now; `asked` counts requests by source."""

    def __init__(self) -> None:
        self.faults: dict[str, Fault] = {}
        self.asked: Counter[str] = Counter()
        self.ending = threading.Event()

    def settings(self, url: str) -> dict[str, str]:
        """The environment under which ingest asks us instead of the world."""
        return {
            "INGEST_GOOGLE_BOOKS_URL": f"{url}/google_books",
            "INGEST_GOOGLE_BOOKS_KEY": "key",
            "INGEST_TMDB_URL": f"{url}/tmdb",
            "INGEST_TMDB_TOKEN": "token",
        }

    def answer(self, source: str, path: str) -> tuple[int, bytes, dict[str, str]]:
        self.asked[source] += 1
        match self.faults.get(source):
            case Fault.SLOW:
                time.sleep(SLOW_SECONDS)
            case Fault.HANG:
                self.ending.wait(HANG_SECONDS)
            case Fault.GARBAGE:
                return 200, b"\x00{{ no JSON", {}
            case Fault.BROKEN:
                return 500, b'{"message": "trouble"}', {}
            case Fault.THROTTLED:
                return 429, b"{}", {"Retry-After": str(RETRY_AFTER_SECONDS)}
            case None:
                pass
        return 200, json.dumps(RECORDS[source](path)).encode(), {}


def movie(path: str) -> dict[str, Any]:
    """A film, or which one has the id of another catalogue: IMDb numbers them as TMDB does."""
    kind, _, number = path.rpartition("/")
    if kind == "find":
        return {"movie_results": [{"id": int(number.removeprefix("tt"))}]}
    return {
        "id": int(number),
        "title": f"Storm {number}",
        "release_date": "2019-02-11",
        "overview": "Rain, and what comes after.",
        "runtime": 101,
    }


def volume(path: str) -> dict[str, Any]:
    number = path.rpartition("/")[2]
    return {
        "id": number,
        "selfLink": f"https://books.example.org/{number}",
        "volumeInfo": {"title": f"Harbour {number}", "authors": ["Mara Ellison"]},
    }


RECORDS = {"tmdb": movie, "google_books": volume}


@contextmanager
def serve(upstreams: Upstreams) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            source, _, path = urlsplit(self.path).path.strip("/").partition("/")
            status, body, headers = upstreams.answer(source, path)
            with suppress(OSError):  # ingest did not wait for a slow answer
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        upstreams.ending.set()
        server.shutdown()
        server.server_close()
