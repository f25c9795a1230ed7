"""The gateway as the process it is: no neighbours, then stopped."""

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import pytest


@pytest.fixture
def process(certificates, nats_server, broker, unused_tcp_port_factory):
    ports = unused_tcp_port_factory(), unused_tcp_port_factory()
    environment = os.environ | {
        "GATEWAY_LISTEN": f"127.0.0.1:{ports[0]}",
        "GATEWAY_OPS_LISTEN": f"127.0.0.1:{ports[1]}",
        "GATEWAY_TLS_DIR": str(certificates / "gateway"),
        "GATEWAY_NATS_URL": nats_server.url,
        "GATEWAY_NATS_SEED_FILE": str(nats_server.seed_file("gateway")),
        "GATEWAY_CORS_ORIGINS": "https://a.example.org, https://b.example.org",
        "GATEWAY_TRUSTED_PROXIES": '["10.0.0.0/8", "::1"]',
    } | {
        f"GATEWAY_{peer}_TARGET": "ipv4:127.0.0.1:1"
        for peer in ("AUTH", "CATALOG", "INGEST", "MENUS")
    }  # fmt: skip
    # Not by the event loop: uvloop forks, and gRPC's threads do not survive that.
    started = subprocess.Popen(
        [sys.executable, "-m", "gateway.main"], env=environment, stdout=subprocess.DEVNULL
    )
    yield started, *ports
    if started.poll() is None:
        started.kill()
        started.wait(10)


async def test_the_process_serves_says_what_is_missing_and_stops(process):
    started, public, ops = process
    async with httpx.AsyncClient() as client, asyncio.timeout(30):
        while True:
            try:
                health = await client.get(f"http://127.0.0.1:{public}/health")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
        assert health.json() == {"status": "ok"}
        answer = await client.get(f"http://127.0.0.1:{public}/api/search?q=wire")
        assert answer.status_code == 503
        assert answer.json()["reason"] == "SERVICE_UNAVAILABLE"
        assert answer.headers["retry-after"] == "1"
        ready = await client.get(f"http://127.0.0.1:{ops}/ready")
        assert ready.status_code == 503
        assert set(ready.json()["missing"]) == {"auth", "catalog", "ingest", "menus"}
        metrics = (await client.get(f"http://127.0.0.1:{ops}/metrics")).text
        assert 'http_requests_total{method="GET",route="/api/search",status="503"} 1.0' in metrics
    started.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(started.wait, 15) == 0
