"""The tables of the catalogue."""

from catalog.models.library import (
    LONGEST_ACTIVITY_KEY,
    LONGEST_GOAL,
    LONGEST_LOG_NOTES,
    Activity,
    UserLog,
    UserState,
)
from catalog.models.messages import Inbox, Outbox, SweepRun
from catalog.models.search import LONGEST_TITLE_KEY, ItemSearch
from catalog.models.tags import LONGEST_TAG, MediaItemTag, Tag
from catalog.models.works import (
    LONGEST_EXTERNAL_ID,
    LONGEST_LANGUAGE,
    LONGEST_NAME,
    LONGEST_SOURCE_NAME,
    LONGEST_TITLE,
    LONGEST_URL,
    Base,
    Book,
    Game,
    MediaItem,
    MediaSource,
    MusicTrack,
    Screen,
)

__all__ = [
    "LONGEST_ACTIVITY_KEY",
    "LONGEST_EXTERNAL_ID",
    "LONGEST_GOAL",
    "LONGEST_LANGUAGE",
    "LONGEST_LOG_NOTES",
    "LONGEST_NAME",
    "LONGEST_SOURCE_NAME",
    "LONGEST_TAG",
    "LONGEST_TITLE",
    "LONGEST_TITLE_KEY",
    "LONGEST_URL",
    "Activity",
    "Base",
    "Book",
    "Game",
    "Inbox",
    "ItemSearch",
    "MediaItem",
    "MediaItemTag",
    "MediaSource",
    "MusicTrack",
    "Outbox",
    "Screen",
    "SweepRun",
    "Tag",
    "UserLog",
    "UserState",
]
