"""kill -9 of every process in turn while curators work: it comes back, and nothing is lost."""

import threading
import time

import httpx
import pytest

PROCESSES = ("auth", "catalog", "ingest", "menus", "gateway", "nats", "postgres")
PAUSE_SECONDS = 3.0
BETWEEN_SECONDS = 0.8  # a menu holds at most 50 courses
AWAY = {502, 503, 504}


class Writer(threading.Thread):
    """Adds courses to one menu for as long as it may, and remembers what was accepted."""

    def __init__(self, client, menu_id):
        super().__init__(daemon=True)
        self.client, self.menu_id = client, menu_id
        self.accepted, self.strange = [], []
        self.stopping = threading.Event()

    def run(self):
        number = 0
        while not self.stopping.is_set():
            number += 1
            title = f"Course {number}"
            headers = {"Idempotency-Key": f"course-{number}"}
            # Until it is answered: the key makes the repetition harmless.
            while not self.stopping.is_set() and not self.add(title, headers):
                time.sleep(0.05)
            time.sleep(BETWEEN_SECONDS)

    def add(self, title, headers):
        try:
            reply = self.client.post(
                f"/api/menus/{self.menu_id}/courses", json={"title": title}, headers=headers
            )
        except httpx.TransportError:
            return False
        if reply.status_code == 201:
            self.accepted.append(title)
            return True
        if reply.status_code not in AWAY:
            self.strange.append((reply.status_code, reply.text))
        return reply.status_code not in AWAY


@pytest.mark.timeout(240)
def test_every_process_may_die(stack, curator, make_menu, visitor, eventually, queues):
    menu = make_menu("Storm Proof", courses=0, is_public=True)
    writer = Writer(curator, menu["id"])
    writer.start()
    for process in PROCESSES:
        stack.kill(process)
        time.sleep(PAUSE_SECONDS)
    stack.wait_ready(60)
    time.sleep(1)
    writer.stopping.set()
    writer.join(30)

    assert writer.strange == []
    assert len(writer.accepted) > len(PROCESSES)
    kept = [course["title"] for course in curator.get(f"/api/menus/{menu['id']}").json()["courses"]]
    assert [title for title in kept if title in set(writer.accepted)] == writer.accepted
    assert len(kept) == len(set(kept)), "something happened twice"
    address = f"/api/public/menus/{menu['slug']}"
    eventually(lambda: len(visitor.get(address).json()["courses"]) == len(kept))
    for service in ("auth", "catalog", "menus"):
        eventually(lambda name=service: queues(name)["outbox"]["waiting"] == 0)
        assert queues(service)["dead_letters"] == 0
