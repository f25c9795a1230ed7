"""The queue report as Prometheus gauges."""

from datetime import datetime

from prometheus_client import Gauge

from common.queue_report import ConsumerReport, QueueReport, ScheduleReport

CONSUMER = ("stream", "consumer")

outbox_waiting = Gauge("outbox_waiting", "Messages not yet published.")
outbox_age = Gauge("outbox_oldest_age_seconds", "Age of the oldest message not yet published.")
dead_letters = Gauge("dead_letters", "Dead letters that wait for a decision.")
jobs_waiting = Gauge("jobs_waiting", "Jobs that wait for their next try.")
replicas = Gauge("replicas", "Replicas of this service that answered.")
warnings = Gauge("queue_report_warnings", "Warnings of the queue report.")

# Each is named like the field of the report that it shows.
consumers = {
    field: Gauge(f"consumer_{field}", words, CONSUMER)
    for field, words in {
        "pending": "Messages not yet delivered.",
        "in_flight": "Messages delivered and not yet acknowledged.",
        "redelivered": "Messages that were delivered more than once.",
        "oldest_age_seconds": "Age of the oldest message that is not yet done.",
        "done_last_minute": "Messages done by all replicas.",
        "done_last_hour": "Messages done by all replicas.",
        "failed_last_minute": "Tries that failed in all replicas.",
        "failed_last_hour": "Tries that failed in all replicas.",
        "last_error_at": "When a try failed last, in seconds since 1970.",
        "paused_until": "When a pause ends, in seconds since 1970; 0 when there is none.",
    }.items()
}
schedules = {
    field: Gauge(f"sweep_{field}", words, ("sweep",))
    for field, words in {
        "next_run_at": "When the sweep is due, in seconds since 1970.",
        "last_started_at": "When it began last, in seconds since 1970.",
        "last_finished_at": "When it ended last, in seconds since 1970; 0 when it never did.",
        "last_count": "Rows or messages that the last run dealt with.",
    }.items()
}
sweep_failed = Gauge("sweep_failed", "1 when the last run ended in an error.", ("sweep",))


def show(report: QueueReport) -> None:
    """What is not in the report is not among the metrics either."""
    for gauge in (*consumers.values(), *schedules.values(), sweep_failed):
        gauge.clear()
    if report.outbox is not None:
        outbox_waiting.set(report.outbox.waiting)
        outbox_age.set(report.outbox.oldest_age_seconds)
    dead_letters.set(report.dead_letters)
    jobs_waiting.set(report.jobs_waiting)
    replicas.set(len(report.replicas))
    warnings.set(len(report.warnings))
    for consumer in report.consumers:
        for field, gauge in consumers.items():
            gauge.labels(consumer.stream, consumer.name).set(_number(consumer, field))
    for schedule in report.schedules:
        for field, gauge in schedules.items():
            gauge.labels(schedule.name).set(_number(schedule, field))
        sweep_failed.labels(schedule.name).set(schedule.has_failed)


def _number(report: ConsumerReport | ScheduleReport, field: str) -> float:
    value = getattr(report, field)
    return value.timestamp() if isinstance(value, datetime) else float(value or 0)
