"""What the gateway holds in memory, and the events that keep it true."""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg

from common.errors import DomainError, Kind
from common.following import Follower
from gateway.cache import Cache, FinishedJson
from gateway.job_news import JobNews
from gateway.public_menus import PublishedMenu
from gateway.revocations import LOOKBACK, Revocations
from gateway.settings import Settings
from tastebuds.auth.v1.account_events_pb2 import UserChanged, UserDeleted
from tastebuds.auth.v1.session_events_pb2 import SessionRevoked
from tastebuds.ingest.v1.job_events_pb2 import IngestJobChanged
from tastebuds.menus.v1.menu_events_pb2 import MenuChanged, MenuPublished, MenuUnpublished

log = structlog.get_logger()

SESSION_REVOKED = SessionRevoked.DESCRIPTOR.full_name
USER_CHANGED = UserChanged.DESCRIPTOR.full_name
USER_DELETED = UserDeleted.DESCRIPTOR.full_name
JOB_CHANGED = IngestJobChanged.DESCRIPTOR.full_name
MENU_EVENTS = {
    message.DESCRIPTOR.full_name: message
    for message in (MenuPublished, MenuUnpublished, MenuChanged)
}


class NotCaughtUp(DomainError):
    kind = Kind.UNAVAILABLE
    reason = "NOT_CAUGHT_UP"

    def __init__(self, stream: str) -> None:
        super().__init__(f"The events of {stream} are not read yet.", stream=stream)


class Memory:
    """Every replica follows every event; a gap empties the caches, never the revocations."""

    def __init__(self, settings: Settings) -> None:
        self.revocations = Revocations()
        self.auth_events = Follower(
            "AUTH",
            [SESSION_REVOKED, USER_CHANGED, USER_DELETED],
            lookback=LOOKBACK,
            on_message=self._on_auth_event,
            on_gap=self._on_auth_gap,
        )
        self.menu_events = Follower(
            "MENUS",
            list(MENU_EVENTS),
            lookback=timedelta(0),
            on_message=self._on_menu_event,
            on_gap=self._on_menu_gap,
        )
        self.job_news = JobNews(settings.streams, settings.streams_per_person)
        self.job_events = Follower(
            "INGEST",
            [JOB_CHANGED],
            lookback=timedelta(0),
            on_message=self._on_job_event,
            # Streams look by themselves now and then.
            on_gap=lambda: None,
        )
        self.accounts: Cache[FinishedJson] = Cache(
            "accounts", settings.account_cache_bytes, self.auth_events.caught_up.is_set
        )
        self.public_menus: Cache[PublishedMenu] = Cache(
            "public_menus", settings.public_menu_cache_bytes, self.menu_events.caught_up.is_set
        )

    @property
    def followers(self) -> tuple[Follower, ...]:
        return self.auth_events, self.menu_events, self.job_events

    async def check(self) -> None:
        """Raise while events are missed."""
        for follower in self.followers:
            if not follower.caught_up.is_set():
                raise NotCaughtUp(follower.stream)

    async def catch_up(self, seconds: float, stopping: asyncio.Event) -> bool:
        """Wait until no session is taken for valid that was revoked before this process began."""
        waits = [
            asyncio.create_task(event.wait()) for event in (self.auth_events.caught_up, stopping)
        ]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self.auth_events.caught_up.is_set()

    def _on_auth_event(self, message: Msg) -> None:
        try:
            self._read_auth_event(message)
        except (DecodeError, ValueError) as error:
            # Nobody can repair it here; what it may have been about is asked anew.
            log.warning("unreadable event", subject=message.subject, error=str(error))
            self.accounts.drop_all()

    def _read_auth_event(self, message: Msg) -> None:
        if message.subject == SESSION_REVOKED:
            session_id = UUID(SessionRevoked.FromString(message.data).session_id)
            self.revocations.revoke_session(session_id)
            self.job_news.end_session(session_id)
        elif message.subject == USER_CHANGED:
            self.accounts.drop(UserChanged.FromString(message.data).user_id)
        elif message.subject == USER_DELETED:
            user_id = UUID(UserDeleted.FromString(message.data).user_id)
            self.accounts.drop(str(user_id))
            self.revocations.delete_user(user_id)
            self.job_news.end_user(user_id)

    def _on_auth_gap(self) -> None:
        self.accounts.drop_all()

    def _on_menu_event(self, message: Msg) -> None:
        try:
            event = MENU_EVENTS[message.subject].FromString(message.data)
        except DecodeError as error:
            log.warning("unreadable event", subject=message.subject, error=str(error))
            self.public_menus.drop_all()
        else:
            self.public_menus.drop(event.slug)

    def _on_menu_gap(self) -> None:
        self.public_menus.drop_all()

    def _on_job_event(self, message: Msg) -> None:
        try:
            event = IngestJobChanged.FromString(message.data)
        except DecodeError as error:
            log.warning("unreadable event", subject=message.subject, error=str(error))
        else:
            self.job_news.tell(event.job_id, event.version)
