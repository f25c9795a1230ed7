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
from catalog.media.items import Draft, Item
from catalog.media.messages import from_item
from common.access import services_of
from common.db import new_id, now
from common.grpc_client import create_channel
from menus.documents.repository import FIRST_PAGE
from stack.stack import Stack
from tastebuds.catalog.v1 import media_service_pb2
from tastebuds.catalog.v1.media_service_pb2 import MediaDraft
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub

PASSWORD = "a long enough password"
CLIENTS = 16
UPSERTS, UPSERT_CLIENTS = 3_000, 16
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


def prepare(stack: Stack, seconds: float) -> Scene:
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
    return Scene(stack, Meter(stack), person, page["slug"], seconds)


async def upserts(scene: Scene) -> Row:
    """Works through catalog's own door, as ingest sends them."""
    waiting = data.drafts(UPSERTS)
    latencies: list[float] = []
    environment = scene.stack.env("ingest")

    async def client(stub: Any) -> None:
        for draft in waiting:
            request = media_service_pb2.UpsertMediaRequest(draft=to_wire(draft))
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


def to_wire(draft: Draft) -> MediaDraft:
    """As ingest sends it."""
    at = now()
    item = Item(
        id=new_id(), facts=draft.facts, popularity=0, version=1, created_at=at, updated_at=at
    )
    return MediaDraft(
        item=from_item(item),
        source_name=draft.key.source_name,
        external_id=draft.key.external_id,
        raw_payload=draft.raw_payload,
        popularity=draft.popularity,
    )


async def reads(scene: Scene) -> list[Row]:
    headers = scene.person.headers
    requests: Sequence[tuple[str, Callable[[int], Request]]] = (
        ("public menu, warm", lambda _: scene.page),
        ("GET /api/me", lambda _: Request("/api/me", headers=headers)),
        ("GET /api/menus (3 menus, 45 items)", lambda _: scene.menus),
    )
    return [await scene.measure(name, request) for name, request in requests]


def sql(scene: Scene) -> Row:
    """The same question put to Postgres alone."""
    text = database.sql_of(FIRST_PAGE.params(owner_id=scene.person.user_id, rows=51))
    return database.pgbench(
        "bare SQL: menus of one owner",
        scene.stack.admin_database_url,
        text,
        clients=CLIENTS,
        seconds=max(1, round(scene.seconds)),
    )


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
