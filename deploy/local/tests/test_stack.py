"""The whole runner with real servers and stand-ins for the services."""

import signal
import time

import psutil
import pytest

from stack.databases import connect_when_ready, run_apart
from stack.errors import StackError
from stack.stack import Stack


@pytest.fixture(scope="module")
def stack(stand_ins, tmp_path_factory):
    nothing = tmp_path_factory.mktemp("repo")
    with Stack.temporary({"CATALOG_REPLICAS": "2"}, stand_ins, repo=nothing) as running:
        yield running


def wait_until(holds, seconds=20):
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.1)


async def connect_and_leave(url):
    connection = await connect_when_ready(url, 20)
    await connection.close()


def test_what_is_killed_comes_back(stack):
    assert set(stack.states()) == {
        "postgres", "nats", "auth", "catalog", "catalog-2", "ingest", "menus", "gateway",
    }  # fmt: skip
    killed = {name: stack.kill(name) for name in ("postgres", "nats", "catalog-2")}
    wait_until(
        lambda: all(stack.states()[name].pid not in (0, pid) for name, pid in killed.items())
    )
    stack.wait_ready(20)

    run_apart(connect_and_leave(stack.admin_database_url))


def test_a_process_can_be_paused(stack):
    stack.stop_process("menus")
    assert not stack.readiness()["menus"].ready
    stack.start_process("menus")
    stack.wait_ready(20)
    stack.kill("menus", signal.SIGSTOP)
    assert not stack.readiness()["menus"].ready
    stack.kill("menus", signal.SIGCONT)
    stack.wait_ready(20)


def test_a_killed_runner_is_cleaned_up_by_the_next_start(stack):
    before = {state.pid for state in stack.states().values()}
    psutil.Process(int((stack.home.run / "runner.pid").read_text())).kill()
    wait_until(lambda: not stack.runner.is_alive())
    stack.start()
    assert not before & {state.pid for state in stack.states().values()}
    with pytest.raises(StackError, match="already runs at"):
        stack.start()


def test_stop_leaves_nothing_and_start_takes_up_the_data(stack):
    pids = [state.pid for state in stack.states().values()]
    stack.stop()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert stack.log("postgres")[-1].endswith("database system is shut down")
    stack.start()
    assert stack.states()["postgres"].pid not in pids


def test_what_is_not_ready_is_named_with_the_end_of_its_log(stand_ins, tmp_path):
    environ = {"CATALOG_CRASH": "1", "TASTEBUDS_READY_TIMEOUT": "30"}
    with pytest.raises(StackError) as raised, Stack.temporary(environ, stand_ins, repo=tmp_path):
        pytest.fail("it must not start")
    assert "catalog is not ready" in str(raised.value)
    assert "no luck today" in str(raised.value)
