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
ISBN = "9780000000026"
# What each source answers to any search, made of what it would tell when asked for the whole.
SEARCHED: dict[str, Any] = {
    "google_books": {
        "items": [
            {
                "id": "sLt_7-QAAB",
                "volumeInfo": {
                    "title": "Salt and Lantern",
                    "authors": ["Mara Ellison"],
                    "publishedDate": "2018-05",
                    "industryIdentifiers": [{"type": "ISBN_13", "identifier": ISBN}],
                },
            }
        ]
    },
    "tmdb": {
        "results": [
            {
                "id": 900001,
                "media_type": "movie",
                "title": "The Quiet Harbour",
                "release_date": "2019-02-11",
                "popularity": 12.5,
            },
            {
                "id": 900001,
                "media_type": "tv",
                "name": "The Quiet Harbour, Revisited",
                "first_air_date": "2021-01-02",
            },
        ]
    },
    "igdb": [{"id": 7001, "name": "Brine Runner", "slug": "brine-runner"}],
    "lastfm": {
        "results": {
            "trackmatches": {
                "track": [
                    {
                        "name": "Harbour Lights",
                        "artist": "The Lamps",
                        "url": "https://www.last.fm/music/The+Lamps/_/Harbour+Lights",
                        "listeners": "1204",
                        "mbid": "",
                    }
                ]
            }
        }
    },
    "open_library": {
        "docs": [
            {
                "key": "/works/OL900001W",
                "title": "Salt and Lantern",
                "author_name": ["Mara Ellison"],
                "first_publish_year": 2018,
                "isbn": [ISBN],
            }
        ]
    },
    "musicbrainz": {"recordings": []},
}
# How a request says that it searches.
SEARCHES = {
    "google_books": lambda path, _, __: path == "volumes",
    "tmdb": lambda path, _, __: path.startswith("search/"),
    "igdb": lambda _, __, body: body.startswith("search "),
    "lastfm": lambda _, query, __: query.get("method") == "track.search",
    "open_library": lambda path, _, __: path == "search.json",
    "musicbrainz": lambda path, query, _: path == "recording" and "query" in query,
}
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
            "INGEST_OPEN_LIBRARY_URL": f"{url}/open_library",
            "INGEST_MUSICBRAINZ_URL": f"{url}/musicbrainz",
            "INGEST_COVER_ART_ARCHIVE_URL": f"{url}/cover_art_archive",
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
        if SEARCHES[source](path, query, body):
            return 200, SEARCHED[source]
        known = self.records.get(source, {})
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
