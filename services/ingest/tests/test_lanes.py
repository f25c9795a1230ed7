"""Which lanes there are, and what is done in each."""

from ingest.connectors import CONNECTORS
from ingest.consumers import lanes
from ingest.jobs.consumers import DueItems
from ingest.jobs.lanes import lane_of
from ingest.refreshes.consumers import Refreshes
from ingest.webhooks.consumers import WebhookJobs
from tastebuds.ingest.v1.work_pb2 import (
    IngestItemDue,
    RefreshDue,
    StaleMediaDue,
    WebhookReceived,
)


def test_every_source_has_a_lane_for_one_and_a_narrow_one_for_many():
    works = DueItems(database=None, connectors=None, catalog=None, allowances=None)
    refreshes = Refreshes(database=None, connectors=None, catalog=None)
    by_name = {
        lane.name: (lane, set(jobs))
        for lane, jobs in lanes(works, refreshes, WebhookJobs(None, None), 5).items()
    }
    assert len(by_name) == 1 + 2 * len(CONNECTORS)
    assert by_name["webhooks"][1] == {WebhookReceived}
    for source in CONNECTORS:
        single, kinds = by_name[lane_of(source, 1)]
        assert kinds == {IngestItemDue, WebhookReceived}
        many, kinds = by_name[lane_of(source, 2)]
        assert kinds == {IngestItemDue, RefreshDue, StaleMediaDue}
        assert many.concurrency < single.concurrency
        assert many.most_attempts == single.most_attempts == 5
