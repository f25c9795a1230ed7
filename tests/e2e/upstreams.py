"""The upstream catalogues, played from the connectors' own fixtures, faults on demand."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

FIXTURES = Path(__file__).parents[2] / "services" / "ingest" / "tests" / "fixtures"
SLOW_SECONDS = 30
RETRY_AFTER_SECONDS = 2
# What TMDB knows under the ids of others: a series, and one of its episodes.
FOUND = {
    ("400001", "tvdb_id"): {"tv_results": [{"id": 210001}]},
    ("8100003", "tvdb_id"): {"tv_episode_results": [{"id": 3100003, "show_id": 210001}]},
}


class Upstreams:
    """`fault["tmdb"]` may be 500, 429, "garbage" or "hang"; `asked` counts requests per source."""

    def __init__(self) -> None:
        self.fault: dict[str, int | str] = {}
        self.asked: Counter[str] = Counter()
        self.records: dict[str, dict[str, Any]] = {}
        for file in sorted(FIXTURES.glob("*/fetch_*.json")):
            for path, record in json.loads(file.read_text())["routes"].items():
                for key in names_of(file.parent.name, path, record):
                    self.records.setdefault(file.parent.name, {})[key] = record

    def settings(self, url: str) -> dict[str, str]:
        """The environment under which ingest asks us instead of the world."""
        return {
            "INGEST_GOOGLE_BOOKS_URL": f"{url}/google_books",
            "INGEST_GOOGLE_BOOKS_KEY": "key",
            "INGEST_TMDB_URL": f"{url}/tmdb",
            "INGEST_TMDB_TOKEN": "token",
            "INGEST_IGDB_URL": f"{url}/igdb",
            "INGEST_IGDB_TOKEN_URL": f"{url}/igdb/token",
            "INGEST_IGDB_CLIENT_ID": "id",
            "INGEST_IGDB_CLIENT_SECRET": "secret",
            "INGEST_LASTFM_URL": f"{url}/lastfm",
            "INGEST_LASTFM_KEY": "key",
        }

    def answer(self, source: str, path: str, query: dict[str, str], body: str) -> tuple[int, Any]:
        self.asked[source] += 1
        fault = self.fault.get(source)
        if fault == "hang":
            time.sleep(SLOW_SECONDS)
        if fault == "garbage":
            return 200, b"\x00not json{{"
        if isinstance(fault, int):
            return fault, {"message": "trouble"}
        if path == "token":
            return 200, {"access_token": "stand-in", "expires_in": 5_000_000}
        return self._look_up(source, path, query, body)

    def _look_up(self, source: str, path: str, query: dict[str, str], body: str) -> tuple[int, Any]:
        known = self.records[source]
        if source == "tmdb" and path.startswith("find/"):
            return 200, FOUND.get((path.removeprefix("find/"), query["external_source"]), {})
        if source == "igdb":
            return 200, next((known[key] for key in known if f"= {key};" in body), [])
        if source == "lastfm":
            key = query.get("mbid") or f"{query.get('artist')}::{query.get('track')}".casefold()
            return 200, known.get(key, {"error": 6, "message": "Track not found"})
        found = known.get(path)
        return (200, found) if found else (404, {"error": {"code": 404}})


def names_of(source: str, path: str, record: Any) -> list[str]:
    """By what a request names a record."""
    if source == "igdb":
        return [str(record[0]["id"])]
    if source == "lastfm":
        track = record["track"]
        artist = track["artist"]
        name = artist if isinstance(artist, str) else artist["name"]
        return [each for each in (track.get("mbid"), f"{name}::{track['name']}".casefold()) if each]
    return [path]


@contextmanager
def serve(upstreams: Upstreams) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            address = urlsplit(self.path)
            source, _, path = address.path.strip("/").partition("/")
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            status, content = upstreams.answer(source, path, query, body)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self.send_header("Retry-After", str(RETRY_AFTER_SECONDS))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # ingest did not wait for a slow answer
                self.wfile.write(data)

        do_GET = do_POST = reply  # noqa: N815 the names are http.server's

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
