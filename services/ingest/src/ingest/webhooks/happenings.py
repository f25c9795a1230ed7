"""What a sender's message says happened, in our words: not yet matched, not yet decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ingest.drafts import Json, MediaType


class What(StrEnum):
    # The sender's TEST button, or the like: it is connected, and nothing follows.
    TEST = "test"
    # Wanted or got: requested, added to the library, imported.
    ACQUIRED = "acquired"
    STARTED = "started"
    # The whole work, or the episode that `Work.episode` names.
    FINISHED = "finished"
    # Marked as not played after all.
    UNPLAYED = "unplayed"
    # Nothing follows; `Happening.reason` says why.
    NOTHING = "nothing"


class Scheme(StrEnum):
    """Whose id it is. TMDB counts films and series apart: the kind is in the scheme."""

    TMDB_MOVIE = "tmdb_movie"
    TMDB_TV = "tmdb_tv"
    # TMDB cannot be asked for an episode by it; it says that what the sender has is no series' id.
    TMDB_EPISODE = "tmdb_episode"
    IMDB = "imdb"
    # TVDB counts series, episodes and films apart: of a Work it is the series', of an Episode its
    # own; a film's is left out, for TMDB would take it for a series'.
    TVDB = "tvdb"
    IGDB = "igdb"
    GOOGLE_BOOKS = "google_books"
    ISBN = "isbn"
    # MusicBrainz: a recording, a release group.
    MBID_RECORDING = "mbid_recording"
    MBID_RELEASE_GROUP = "mbid_release_group"
    LASTFM = "lastfm"
    # A work of our own catalogue.
    TASTEBUDS = "tastebuds"


@dataclass(frozen=True, slots=True)
class ForeignId:
    scheme: Scheme
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """`ids` are the episode's own, which are never the series'. Two in one file: `last_number`."""

    season: int | None = None
    number: int | None = None
    last_number: int | None = None
    title: str | None = None
    ids: tuple[ForeignId, ...] = ()

    def __str__(self) -> str:
        """S01E03, S01E03-E04, or as much of it as is known."""
        text = f"S{self.season:02d}" if self.season is not None else ""
        if self.number is not None:
            text += f"E{self.number:02d}"
        if self.last_number is not None and self.last_number != self.number:
            text += f"-E{self.last_number:02d}"
        return text

    def label(self) -> str:
        """With its title: S01E03 · Low Water."""
        return " · ".join(each for each in (str(self), self.title) if each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A film, series, track, album, book or game as the sender knows it; `ids` are all its own."""

    media_type: MediaType
    title: str | None = None
    year: int | None = None
    ids: tuple[ForeignId, ...] = ()
    episode: Episode | None = None
    # Of music: who and where from. Of a book: who.
    artist: str | None = None
    album: str | None = None
    # Our items of music are tracks: which of them an album's title means, only a person can say.
    is_album: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event. `key` is what is the same when the sender says the same thing twice."""

    what: What
    # The sender's own name of the event, such as media.scrobble.
    event_name: str
    work: Work | None = None
    # Why nothing follows, or a remark on what does, in words; a clause, not a sentence.
    reason: str = ""
    # The event's own time; None when the sender does not tell.
    at: datetime | None = None
    # What the sender wrote as the event's time, when that cannot be read or lies ahead.
    unread_time: str = ""
    # Names and ids of the sender's account that it happened to; empty when it has no account.
    accounts: tuple[str, ...] = ()
    # Without the sender, the event's kind and the work, which are added: a download's id, a file's
    # id, the time of a listen. Empty: kind and work alone.
    key: str = ""
    # For the log entry, such as "S01E03 · Low Water"; of what was acquired, how.
    note: str = ""


def noted(*pieces: str | None) -> str:
    """A note of those that are there: Imported by Sonarr: S01E03 · Low Water."""
    return ": ".join(filter(None, pieces))


@dataclass(frozen=True, slots=True)
class Part:
    """One of several happenings in one body, with the piece of the document that tells it."""

    happening: Happening
    document: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What a person needs to set a sender up; `template` is to be pasted there."""

    title: str
    instructions: str
    template: str = ""
    schema: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One kind of program that posts webhooks.

    `read` is pure and tells what a body says, in its order, in at least one part; it raises
    Unreadable only for a body that is no event of this sender at all. Members that are missing,
    empty, of another type or unknown are no error: what cannot be told is left out.
    `example` is a body such as its TEST button sends.
    """

    name: str
    guide: Guide
    read: Callable[[Mapping[str, Json]], Sequence[Part]]
    example: Mapping[str, Json]
