"""What every service keeps: messages out and in, and runs of sweeps."""

from catalog.models.works import Base
from common.inbox import InboxRow
from common.outbox import OutboxRow
from common.sweep_runs import SweepRunRow


class Outbox(OutboxRow, Base):
    pass


class Inbox(InboxRow, Base):
    pass


class SweepRun(SweepRunRow, Base):
    pass
