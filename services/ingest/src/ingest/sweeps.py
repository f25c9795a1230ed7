"""What is due here again and again."""

from common.sweeps import Sweep
from ingest.connectors import Connectors
from ingest.jobs import service as jobs
from ingest.previews import service as previews
from ingest.refreshes.service import Upkeep
from ingest.sweeping import service
from ingest.sweeping.service import Retention

# A job has up to 500 items, which go with it.
JOBS_AT_ONCE = 20
WORKS_AT_ONCE = 200


def sweeps(kept: Retention, connectors: Connectors) -> list[Sweep]:
    return [
        *_of_jobs(kept),
        *_of_webhooks(kept),
        *_of_matching(),
        *_of_sources(Upkeep(connectors)),
    ]


def _of_jobs(kept: Retention) -> list[Sweep]:
    return [
        Sweep(
            "jobs",
            "0 10 * * * *",
            "Deletes jobs that finished a while ago.",
            kept.sweep_jobs,
            batch=JOBS_AT_ONCE,
        ),
        Sweep(
            "forgotten_works",
            "0 */15 * * * *",
            "Sends works of jobs anew whose turn never came, for their messages are gone.",
            jobs.send_forgotten,
            batch=WORKS_AT_ONCE,
        ),
    ]


def _of_webhooks(kept: Retention) -> list[Sweep]:
    return [
        Sweep(
            "webhook_bodies",
            "0 20 3 * * *",
            "Empties the bodies of webhooks past their retention.",
            kept.sweep_webhook_bodies,
        ),
        Sweep(
            "webhook_events",
            "0 40 3 * * *",
            "Deletes old webhooks that wait for nobody.",
            kept.sweep_webhook_events,
        ),
        Sweep(
            "unanswered_webhooks",
            "0 45 3 * * *",
            "Dismisses old webhooks that still wait for somebody.",
            kept.sweep_unanswered_webhooks,
        ),
        Sweep(
            "forgotten_webhooks",
            "0 5,35 * * * *",
            "Queues webhooks anew that nobody has looked at for an hour past their time.",
            service.sweep_forgotten_webhooks,
        ),
        Sweep(
            "forgotten_integrations",
            "0 */10 * * * *",
            "Deletes what came for people whose accounts are gone.",
            service.sweep_forgotten_integrations,
        ),
    ]


def _of_matching() -> list[Sweep]:
    return [
        Sweep(
            "content_keys",
            "0 */10 * * * *",
            "Forgets what is no longer a duplicate when it comes again.",
            service.sweep_content_keys,
        ),
        Sweep(
            "resolutions",
            "0 50 3 * * *",
            "Forgets what foreign ids turned out to be, to look them up anew.",
            service.sweep_resolutions,
        ),
    ]


def _of_sources(upkeep: Upkeep) -> list[Sweep]:
    return [
        Sweep(
            "previews",
            "30 */5 * * * *",
            "Deletes what searches outside showed once nobody can save it any more.",
            previews.sweep,
        ),
        Sweep(
            "refreshes",
            "0 25 * * * *",
            "Queues the search for what sources told too long ago, by their terms of use.",
            upkeep.sweep,
        ),
    ]
