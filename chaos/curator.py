"""The person to whom everything is sent: reads the diary, the inbox and the jobs over HTTP."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

PASSWORD = "a long enough password"
PAGE = 100
RETRY_SECONDS = 0.2
PATIENCE_SECONDS = 60


class Door(NamedTuple):
    """An integration, and the path of its address."""

    integration_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the inbox; `seconds` from when it came until it was decided."""

    id: str
    state: str
    decision: str
    seconds: float

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        came, decided = (
            datetime.fromisoformat(row[name]) if row[name] else None
            for name in ("received_at", "decided_at")
        )
        took = (decided - came).total_seconds() if came and decided else 0.0
        return cls(row["id"], row["state"], row["decision"], took)


class Curator:
    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(base_url=base_url, timeout=30)
        self.email = f"{uuid4().hex}@example.org"
        account = {"email": self.email, "password": PASSWORD}
        self._keep_token(self.ask("POST", "/api/auth/register", json=account))

    def sign_in(self) -> None:
        """Anew, for a role that was granted since."""
        account = {"email": self.email, "password": PASSWORD}
        self._keep_token(self.ask("POST", "/api/auth/login", json=account))

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer, asked for again while the stack comes back."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                reply = self._client.request(method, path, **options)
            except httpx.TransportError:
                reply = None
            if reply is not None and reply.status_code not in {502, 503, 504}:
                return reply.raise_for_status()
            if time.monotonic() > give_up:
                raise TimeoutError(f"{method} {path} is not answered")
            time.sleep(RETRY_SECONDS)

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every entry of a list, page by page as its Link header says."""
        reply = self.ask("GET", path, params=query | {"limit": PAGE})
        while True:
            yield from reply.json()
            if "next" not in reply.links:
                return
            reply = self.ask("GET", reply.links["next"]["url"])

    def integrate(self, name: str, effects: Mapping[str, str] | None = None) -> Door:
        """A new integration for our own events, whose `effects` are beside the usual ones."""
        path = "/api/integrations/generic/webhook-token"
        minted = self.ask("POST", path, json={"name": name}).json()
        if effects:
            path = f"/api/integrations/webhooks/{minted['id']}"
            self.ask("PATCH", path, json={"effects": effects})
        return Door(minted["id"], urlsplit(minted["webhook_url"]).path)

    def compose(self, title: str, course: str) -> tuple[str, str]:
        """The ids of a new draft menu and of its course, which is empty."""
        body = {"title": title, "courses": [{"title": course, "position": 1}]}
        menu = self.ask("POST", "/api/menus", json=body).json()
        return menu["id"], menu["courses"][0]["id"]

    def works_in(self, menu_id: str) -> list[str]:
        menu = self.ask("GET", f"/api/menus/{menu_id}").json()
        return [item["media_item_id"] for course in menu["courses"] for item in course["items"]]

    def has_events(self, **query: Any) -> bool:
        return any(self.pages("/api/integrations/inbox", **query))

    def inbox(self, **query: Any) -> dict[str, Entry]:
        return {row["id"]: Entry.of(row) for row in self.pages("/api/integrations/inbox", **query)}

    def diary(self) -> Counter[str]:
        """How often each note stands in the log."""
        notes: Counter[str] = Counter()
        while True:
            page = self.ask(
                "GET", "/api/me/logs", params={"limit": 200, "offset": notes.total()}
            ).json()
            notes.update(str(row["notes"]) for row in page)
            if len(page) < 200:
                return notes

    def _keep_token(self, reply: httpx.Response) -> None:
        self._client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        self._client.cookies.clear()


def until(is_true: Callable[[], bool], seconds: float) -> bool:
    """Ask now and then until the answer is yes; False when it never was."""
    give_up = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > give_up:
            return False
        time.sleep(1)
    return True
