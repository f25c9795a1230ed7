"""Replica after replica is restarted while people work: nobody notices."""

import signal
import threading
import time
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from stack.stack import Stack

from .conftest import PASSWORD, TIMEOUT

REPLICATED = ("auth", "catalog", "menus")


@pytest.fixture(scope="module")
def doubled():
    with Stack.temporary({f"{name.upper()}_REPLICAS": "2" for name in REPLICATED}) as stack:
        yield stack


class Worker(threading.Thread):
    """Does one thing over and over, and counts the statuses it gets."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work = work
        self.statuses = Counter()
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            self.statuses[self.work().status_code] += 1


@pytest.mark.timeout(240)
def test_nobody_notices_a_rolling_restart(doubled):
    with httpx.Client(base_url=doubled.base_url, timeout=TIMEOUT) as client:
        account = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
        token = client.post("/api/auth/register", json=account).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.cookies.clear()
        work = client.post("/api/media", json={"media_type": "book", "title": "Steady"}).json()
        menu = client.post("/api/menus", json={"title": "Steady"}).json()
        address = f"/api/menus/{menu['id']}"
        workers = [
            Worker(lambda: client.get("/api/menus")),
            Worker(lambda: client.patch(address, json={"description": uuid4().hex})),
            Worker(lambda: client.get(f"/api/media/{work['id']}")),
            Worker(lambda: client.get("/api/auth/sessions")),
        ]
        for worker in workers:
            worker.start()
        for name in REPLICATED:
            for process in (name, f"{name}-2"):
                restart(doubled, process)
        for worker in workers:
            worker.stopping.set()
        for worker in workers:
            worker.join(30)
    assert [set(worker.statuses) for worker in workers] == [{200}] * len(workers), [
        worker.statuses for worker in workers
    ]


def restart(stack, process):
    pid = stack.kill(process, signal.SIGTERM)
    give_up = time.monotonic() + 60
    while stack.states()[process].pid in {0, pid}:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    stack.wait_ready(60)
    time.sleep(1)  # as an operator's script would: the callers have found it again
