"""What administrators see of queues, dead letters and sweeps, and do about them."""


def test_the_queues_are_for_administrators(admin, curator, visitor):
    assert visitor.get("/api/ops/queues").status_code == 401
    refused = curator.get("/api/ops/queues")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "Admin access required for operations diagnostics"
    report = admin.get("/api/ops/queues").json()
    assert report["status"] == "online"
    assert report["warnings"] == []
    assert {worker["name"].partition("@")[0].partition("-")[0] for worker in report["workers"]} >= {
        "auth",
        "catalog",
        "ingest",
        "menus",
    }
    assert report["scheduler"]["healthy"]
    assert report["scheduler"]["scheduled_jobs"] > 4


def test_a_sweep_runs_when_told(admin, eventually):
    assert admin.post("/api/ops/sweeps/no-such-sweep/run").status_code == 404

    def runs():
        services = admin.get("/api/ops/queues").json()["services"]
        return {
            schedule["name"]: schedule
            for service in services
            for schedule in service["schedules"]
            if service["service"] == "ingest"
        }

    name = next(iter(runs()))
    eventually(lambda: runs()[name]["last_finished_at"] is not None)
    before = runs()[name]["last_finished_at"]
    told = admin.post(f"/api/ops/sweeps/{name}/run")
    assert told.status_code in {200, 202, 204}, told.text
    eventually(lambda: runs()[name]["last_finished_at"] > before)
    assert runs()[name]["last_result"] == "ok"
    assert runs()[name]["next_run_at"]


def test_a_consumer_is_held_back_and_let_go(admin, curator, eventually):
    paused = admin.post("/api/ops/consumers/ingest/ingest-tmdb-bulk/pause", json={"seconds": 600})
    assert paused.status_code == 200, paused.text
    items = [{"source": "tmdb", "external_id": "movie:900001", "force_refresh": True}] * 2
    job_id = curator.post("/api/ingest/batch", json={"items": items}).json()["id"]

    def queue():
        queues = admin.get("/api/ops/queues").json()["queues"]
        return next(one for one in queues if one["name"] == "ingest-tmdb-bulk")

    eventually(lambda: queue()["size"] == 2)
    assert curator.get(f"/api/ingest/jobs/{job_id}").json()["state"] == "queued"
    assert admin.post("/api/ops/consumers/ingest/ingest-tmdb-bulk/resume").status_code in {200, 204}
    eventually(lambda: curator.get(f"/api/ingest/jobs/{job_id}").json()["state"] == "succeeded", 30)
