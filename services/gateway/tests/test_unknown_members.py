"""A member that nobody knows is refused where passing over it would do harm."""

import pytest

from .ops_stand_ins import bury
from .test_hygiene import check_problem

LETTERS = "/api/ops/dead-letters"
SWEEPS = "/api/ops/consumers/menus/menus-sweeps"


@pytest.fixture
async def admin(running, people, ada_id):
    async with running.client(people.token(ada_id, roles=["admin"])) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (f"{LETTERS}/replay", {"matching": {"consumr": "x"}}, "matching.consumr"),
        (f"{LETTERS}/replay", {"matching": {"service": "menus", "txt": "x"}}, "matching.txt"),
        (f"{LETTERS}/replay", {"matching": {}}, "matching"),
        (f"{LETTERS}/replay", {"matching": {"service": None, "text": " "}}, "matching"),
        (f"{LETTERS}/replay", {"ids": [1], "dry_run": True}, "dry_run"),
        (f"{LETTERS}/discard", {"ids": [1], "reason": "x", "dry_run": True}, "dry_run"),
        (f"{SWEEPS}/pause", {"seconds": 9, "strem": "JOBS"}, "strem"),
    ],
)
async def test_orders_about_messages_are_understood_or_refused(admin, world, path, body, named):
    bury(world, "menus", 1)
    problem = check_problem(await admin.post(path, json=body), 422)
    assert problem["detail"].startswith(f"{named}: ")
    assert problem["errors"][0]["loc"] == ["body", *named.split(".")]
    assert not world.calls
