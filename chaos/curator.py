"""The person to whom everything is sent: reads the diary, the inbox and the jobs over HTTP."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "a long enough password"
PAGE = 100
RETRY_SECONDS = 0.2
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the inbox."""

    id: str
    state: str
    decision: str


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

    def door_of(self, sender: str, name: str) -> str:
        """The path of a new integration's address."""
        reply = self.ask(
            "POST", f"/api/integrations/{sender}/webhook-token", json={"name": name}
        ).json()
        return "/" + str(reply["webhook_url"]).split("/", 3)[3]

    def inbox(self) -> dict[str, Entry]:
        return {
            row["id"]: Entry(row["id"], row["state"], row["decision"])
            for row in self.pages("/api/integrations/inbox")
        }

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
