"""The tables of the catalogue."""

from catalog.models.availability import (
    LONGEST_FORMAT,
    LONGEST_PROVIDER,
    LONGEST_REGION,
    Availability,
    AvailabilitySummary,
)
from catalog.models.library import (
    LONGEST_ACTIVITY_KEY,
    LONGEST_GOAL,
    LONGEST_LOG_NOTES,
    Activity,
    LibraryChange,
    LibraryEntry,
    UserLog,
    UserState,
)
from catalog.models.merging import Merge, Override, Suspect
from catalog.models.messages import Idempotency, Inbox, Outbox, SweepMark, SweepRun
from catalog.models.placements import MenuCopy, MenuPlacement
from catalog.models.search import (
    LONGEST_TERM,
    LONGEST_TITLE_KEY,
    ItemSearch,
    PopularityTiers,
    SearchTerm,
)
from catalog.models.tags import LONGEST_TAG, MediaItemTag, Tag
from catalog.models.taste import TasteProfile
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
    "LONGEST_FORMAT",
    "LONGEST_GOAL",
    "LONGEST_LANGUAGE",
    "LONGEST_LOG_NOTES",
    "LONGEST_NAME",
    "LONGEST_PROVIDER",
    "LONGEST_REGION",
    "LONGEST_SOURCE_NAME",
    "LONGEST_TAG",
    "LONGEST_TERM",
    "LONGEST_TITLE",
    "LONGEST_TITLE_KEY",
    "LONGEST_URL",
    "Activity",
    "Availability",
    "AvailabilitySummary",
    "Base",
    "Book",
    "Game",
    "Idempotency",
    "Inbox",
    "ItemSearch",
    "LibraryChange",
    "LibraryEntry",
    "MediaItem",
    "MediaItemTag",
    "MediaSource",
    "MenuCopy",
    "MenuPlacement",
    "Merge",
    "MusicTrack",
    "Outbox",
    "Override",
    "PopularityTiers",
    "Screen",
    "SearchTerm",
    "Suspect",
    "SweepMark",
    "SweepRun",
    "Tag",
    "TasteProfile",
    "UserLog",
    "UserState",
]
