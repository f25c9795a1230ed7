import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from common.errors import Kind
from tastebuds.ingest.v1 import ingest_service_pb2 as ingest

from .stand_ins import Fact

PATHS = ["/health", "/api/health"]


@pytest.fixture
def sources(world):
    fetches = ingest.OperationCount(
        operation="fetch", started=9, failed=4, succeeded=5, last_latency_ms=12.5, last_error="500"
    )
    circuit = ingest.Circuit(
        failure_streak=3, open_until=Timestamp(seconds=1_800_000_000),
        remaining_cooldown_seconds=12.5, current_backoff_seconds=15, opened_count=1,
    )  # fmt: skip
    world.source_states.extend(
        [
            ingest.SourceStatus(source="google_books", state=ingest.SOURCE_STATE_OK),
            ingest.SourceStatus(
                source="tmdb", state=ingest.SOURCE_STATE_OFF, off_reason="TMDB_TOKEN is not set"
            ),
            ingest.SourceStatus(
                source="igdb", state=ingest.SOURCE_STATE_CIRCUIT_OPEN, circuit=circuit,
                operations=[fetches], last_error="500",
            ),
            ingest.SourceStatus(
                source="lastfm", state=ingest.SOURCE_STATE_DEGRADED, operations=[fetches]
            ),
        ]
    )  # fmt: skip


@pytest.fixture
async def admin(running, people, ada_id):
    async with running.client(people.token(ada_id, roles=["admin"])) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
async def test_strangers_learn_only_that_it_lives(stranger, ada, sources, path):
    for client in (stranger, ada):
        for headers in (
            {}, {"Host": "127.0.0.1"}, {"Host": "localhost"}, {"X-Forwarded-For": "10.0.0.1"},
        ):  # fmt: skip
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", PATHS)
async def test_administrators_see_the_sources(admin, sources, path):
    health = (await admin.get(path)).json()
    assert health["status"] == "degraded"
    shown = health["ingestion"]["sources"]
    assert set(shown) == {"google_books", "tmdb", "igdb", "lastfm"}
    igdb = shown["igdb"]
    assert igdb["state"] == "circuit_open"
    assert igdb["circuit_open"] is True
    assert igdb["circuit"]["remaining_cooldown"] == 12.5
    assert igdb["failure_total"] == 4
    assert igdb["operations"]["fetch"]["last_latency_ms"] == 12.5
    assert igdb["repeated_failure"] == {"operation": "fetch", "failed": 4}
    assert shown["tmdb"]["off_reason"] == "TMDB_TOKEN is not set"
    issues = {issue["source"]: issue["reason"] for issue in health["ingestion"]["issues"]}
    assert issues == {"igdb": "circuit_open", "lastfm": "repeated_failures"}


async def test_ingest_away_is_a_state_and_no_failure(admin, world):
    world.broken["ListSources"] = Fact(Kind.UNAVAILABLE, "AWAY", "Away")
    answer = await admin.get("/api/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["ingestion"]["issues"][0]["source"] == "ingest"


async def test_listed_addresses_see_the_sources(start, sources):
    async with start(health_allowlist=["127.0.0.0/8"]) as open_one, open_one.client() as client:
        assert "ingestion" in (await client.get("/api/health")).json()
    changed = {"health_allowlist": ["203.0.113.0/24"], "trusted_proxies": ["127.0.0.1"]}
    async with start(**changed) as proxied, proxied.client() as client:
        for address, sees in (
            ("203.0.113.5", True),
            ("203.0.113.5, 198.51.100.1", False),
            ("198.51.100.1, 203.0.113.5, 127.0.0.1", True),
            ("203.0.113.5, nonsense", False),
            ("", False),
        ):
            answer = await client.get("/api/health", headers={"X-Forwarded-For": address})
            assert ("ingestion" in answer.json()) is sees, address
