"""The work of keeping records fresh."""

from ingest.jobs.lanes import bulk
from ingest.models import Outbox
from tastebuds.ingest.v1.work_pb2 import RefreshDue, StaleMediaDue


def refresh_due(source: str, external_id: str) -> Outbox:
    """A record that is to be fetched again."""
    return Outbox.job("ingest", bulk(source), RefreshDue(source=source, external_id=external_id))


def stale_media_due(source: str) -> Outbox:
    return Outbox.job("ingest", bulk(source), StaleMediaDue(source=source))
