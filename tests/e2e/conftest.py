"""The whole stack as processes; the stories speak HTTP to it and nothing else."""

import itertools
import json
import subprocess
import sys
import time
from uuid import uuid4

import httpx
import pytest

from stack.stack import Stack

from . import spans, upstreams

PASSWORD = "a long enough password"
TIMEOUT = httpx.Timeout(20)


@pytest.fixture(scope="session")
def receiver():
    with spans.receive() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def all_upstreams():
    return upstreams.Upstreams()


@pytest.fixture(scope="session")
def stack(receiver, all_upstreams):
    with upstreams.serve(all_upstreams) as url:
        env = {
            **all_upstreams.settings(url),
            "INGEST_UPSTREAM_TIMEOUT_SECONDS": "2",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "TASTEBUDS_TRACE_RATIO": "1",
            # One address makes all the accounts of all the stories.
            "AUTH_REGISTRATIONS_PER_ADDRESS": "1000000",
        }
        with Stack.temporary(env) as stack:
            yield stack


@pytest.fixture
def operate(stack):
    """`operate("auth.cli", "rotate-keys")`: run a service's command as the operator would."""

    def run(module, *arguments):
        environment = stack.plan.full_environment(stack.plan.service(module.partition(".")[0]))
        command = [sys.executable, "-m", module, *arguments]
        subprocess.run(command, env=environment, check=True, timeout=30, capture_output=True)

    return run


@pytest.fixture
def queues(stack):
    """`queues("menus")`: what the service's operator sees of its messages."""
    return lambda service: json.loads(stack.ops_text(service, "/queues"))


@pytest.fixture
def world(all_upstreams):
    """The upstream catalogues, healthy again afterwards."""
    yield all_upstreams
    all_upstreams.fault.clear()


@pytest.fixture
def visitor(stack):
    with httpx.Client(base_url=stack.base_url, timeout=TIMEOUT) as client:
        yield client


@pytest.fixture
def join(stack):
    """`join()`: a new person, signed in by bearer token; their e-mail is `client.email`."""
    clients = []

    def make(**headers):
        client = Person(base_url=stack.base_url, timeout=TIMEOUT, headers=headers)
        clients.append(client)
        account = {"email": client.email, "password": PASSWORD, "display_name": "Ana"}
        reply = client.post("/api/auth/register", json=account)
        assert reply.status_code == 200, reply.text
        client.account = reply.json()["user"]
        client.refresh_token = reply.json()["refresh_token"]
        client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        client.cookies.clear()
        return client

    yield make
    for client in clients:
        client.close()


class Person(httpx.Client):
    def __init__(self, **options):
        super().__init__(**options)
        self.email = f"{uuid4().hex}@example.org"
        self.account = {}
        self.refresh_token = ""


@pytest.fixture
def curator(join):
    return join()


@pytest.fixture
def admin(join, operate):
    """A signed-in administrator."""
    person = join()
    operate("auth.cli", "grant-admin", person.email)
    reply = person.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
    person.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
    person.cookies.clear()
    return person


@pytest.fixture
def add_work(curator):
    """`add_work("Moby-Dick")`: a work in the catalogue, typed in by the curator; its id."""

    def add(title, **fields):
        reply = curator.post("/api/media", json={"media_type": "book", "title": title, **fields})
        assert reply.status_code in {200, 201}, reply.text
        return reply.json()["id"]

    return add


@pytest.fixture
def make_menu(curator, add_work):
    """`make_menu(courses=2, items=3)`: a menu with new works."""
    numbers = itertools.count(1)

    def make(title="Rain", courses=2, items=2, **fields):
        body = {
            "title": title,
            **fields,
            "courses": [
                {
                    "title": f"Course {course}",
                    "position": course,
                    "items": [
                        {
                            "media_item_id": add_work(f"Work {uuid4().hex} {next(numbers)}"),
                            "notes": f"note {item}",
                            "position": item,
                        }
                        for item in range(1, items + 1)
                    ],
                }
                for course in range(1, courses + 1)
            ],
        }
        reply = curator.post("/api/menus", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()

    return make


@pytest.fixture
def eventually():
    """Ask until the answer is yes; fails after `seconds`."""

    def wait(question, seconds=15.0):
        give_up = time.monotonic() + seconds
        while not question():
            assert time.monotonic() < give_up, "it never came true"
            time.sleep(0.05)

    return wait
