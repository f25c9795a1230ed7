"""What is measured: the requests that people make, on a stack with people and works in it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import data, database
from bench.load import Outcome, Request, run
from bench.meter import Meter, Row, row
from common.access import services_of
from common.grpc_client import create_channel
from menus.documents.repository import FIRST_PAGE
from stack.stack import Stack
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub

PASSWORD = "a long enough password"
CLIENTS = 16
UPSERT_CLIENTS = 16
STORM_CLIENTS = 8
MENUS, COURSES, ITEMS = 3, 3, 5
PAGE_ITEMS = 8  # makes a public page of some 3 kB


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    user_id: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A stack with a person, their menus and a public page; `seconds` per measurement."""

    stack: Stack
    meter: Meter
    person: Person
    slug: str
    works: int
    seconds: float

    @property
    def page(self) -> Request:
        return Request(f"/api/public/menus/{self.slug}")

    @property
    def menus(self) -> Request:
        return Request("/api/menus", headers=self.person.headers)

    async def load(self, request: Callable[[int], Request], clients: int = CLIENTS) -> Outcome:
        return await run(self.stack.base_url, request, clients=clients, seconds=self.seconds)

    async def measure(self, name: str, request: Callable[[int], Request]) -> Row:
        await run(self.stack.base_url, request, clients=CLIENTS, seconds=self.seconds / 5)
        return await self.meter.measure(name, lambda: self.load(request))


def prepare(stack: Stack, works: int, seconds: float) -> Scene:
    with httpx.Client(base_url=stack.base_url, timeout=30) as client:
        person = _register(client, "ana@example.org")
        client.headers["Authorization"] = dict(person.headers)["Authorization"]
        _register(client, "storm@example.org")
        client.cookies.clear()
        media = [_add_work(client, number) for number in range(COURSES * ITEMS)]
        for number in range(MENUS):
            _make_menu(client, f"Menu {number}", media, COURSES, ITEMS)
        other = _register(client, "bea@example.org")
        client.headers["Authorization"] = dict(other.headers)["Authorization"]
        client.cookies.clear()
        page = _make_menu(client, "A Page", media, 2, PAGE_ITEMS // 2)
    return Scene(stack, Meter(stack), person, page["slug"], works, seconds)


async def upserts(scene: Scene) -> Row:
    """Works through catalog's own door, as ingest sends them."""
    waiting = data.drafts(scene.works)
    latencies: list[float] = []
    environment = scene.stack.env("ingest")

    async def client(stub: Any) -> None:
        for draft in waiting:
            request = media_service_pb2.UpsertMediaRequest(draft=draft)
            began = time.perf_counter()
            await stub.UpsertMedia(request, timeout=30)
            latencies.append(time.perf_counter() - began)

    async def load() -> Outcome:
        began = time.perf_counter()
        await asyncio.gather(*(client(stub) for _ in range(UPSERT_CLIENTS)))
        count = len(latencies)
        return Outcome(time.perf_counter() - began, sorted(latencies), {200: count})

    async with create_channel(
        "catalog",
        environment["INGEST_CATALOG_TARGET"],
        Path(environment["INGEST_TLS_DIR"]),
        services_of(media_service_pb2.DESCRIPTOR),
    ) as channel:
        stub = MediaServiceStub(channel)
        return await scene.meter.measure("upsert of a new work (RPC)", load)


async def reads(scene: Scene) -> list[Row]:
    headers = scene.person.headers

    def search(query: Callable[[int], str]) -> Callable[[int], Request]:
        return lambda number: Request(f"/api/search?q={query(number)}", headers=headers)

    requests: Sequence[tuple[str, Callable[[int], Request]]] = (
        ("public menu, warm", lambda _: scene.page),
        ("GET /api/me", lambda _: Request("/api/me", headers=headers)),
        ("GET /api/menus (3 menus, 45 items)", lambda _: scene.menus),
        ("search, rare word", search(lambda number: data.rare_word(number % scene.works))),
        ("search, word in half of the works", search(lambda _: data.COMMON_WORD)),
    )
    return [await scene.measure(name, request) for name, request in requests]


def sql(scene: Scene) -> list[Row]:
    """The same questions put to Postgres alone."""
    url, seconds = scene.stack.admin_database_url, max(1, round(scene.seconds))
    statements = (
        (
            "bare SQL: menus of one owner",
            database.sql_of(FIRST_PAGE.params(owner_id=scene.person.user_id, rows=51)),
        ),
        ("bare SQL: search, rare word", _search_sql(data.rare_word(scene.works // 2))),
        ("bare SQL: search, common word", _search_sql(data.COMMON_WORD)),
    )
    return [
        database.pgbench(name, url, text, clients=CLIENTS, seconds=seconds)
        for name, text in statements
    ]


async def login_storm(scene: Scene) -> list[Row]:
    """One person reads on while many sign in."""

    async def bystander() -> Outcome:
        return await scene.load(lambda _: scene.menus, clients=1)

    alone = await scene.meter.measure("bystander reads menus, alone", bystander)
    body = f'{{"email":"storm@example.org","password":"{PASSWORD}"}}'.encode()
    login = Request("/api/auth/login", "POST", body=body)
    storm = asyncio.ensure_future(scene.load(lambda _: login, clients=STORM_CLIENTS))
    beside = await bystander()
    return [alone, row("bystander during a login storm", beside), row("login", await storm)]


async def door(base_url: str, seconds: float) -> Row:
    request = Request("/")
    await run(base_url, lambda _: request, clients=CLIENTS, seconds=seconds / 5)
    load: Awaitable[Outcome] = run(base_url, lambda _: request, clients=CLIENTS, seconds=seconds)
    return row("bare ASGI app, as many bytes", await load)


def _search_sql(word: str) -> str:
    return f"select * from catalog.search_media('{word}', '{word}', '{{}}', 0, 20);\n"  # noqa: S608


def _register(client: httpx.Client, email: str) -> Person:
    account = {"email": email, "password": PASSWORD, "display_name": "Ana"}
    reply = _json(client.post("/api/auth/register", json=account))
    token = (("Authorization", f"Bearer {reply['access_token']}"),)
    return Person(email, reply["user"]["id"], token)


def _add_work(client: httpx.Client, number: int) -> str:
    body = {
        "media_type": "book",
        "title": f"The Long Evening, Volume {number}",
        "description": "Rain on the harbour, and nobody in a hurry to leave. " * 3,
        "release_date": "1974-05-01",
        "book": {"authors": ["Mara Ellison"]},
    }
    return str(_json(client.post("/api/media", json=body))["id"])


def _make_menu(
    client: httpx.Client, title: str, media: list[str], courses: int, items: int
) -> dict[str, Any]:
    body = {
        "title": title,
        "description": "What one reads when it rains.",
        "is_public": True,
        "courses": [
            {
                "title": f"Course {course}",
                "position": course,
                "items": [
                    {"media_item_id": media[course * items + place], "notes": "With tea."}
                    for place in range(items)
                ],
            }
            for course in range(courses)
        ],
    }
    return dict(_json(client.post("/api/menus", json=body)))


def _json(reply: httpx.Response) -> Any:
    reply.raise_for_status()
    return reply.json()
