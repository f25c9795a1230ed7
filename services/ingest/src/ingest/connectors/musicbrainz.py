"""MusicBrainz: recordings, looked up by their ids; covers are the Cover Art Archive's."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, ClassVar

import orjson
from pydantic import AliasChoices, BeforeValidator, Field

from ingest.connectors.clues import Clue, ids_of
from ingest.connectors.page_url import read_page_url
from ingest.connectors.protocol import ConnectorSettings, Wiring
from ingest.connectors.terms import Terms
from ingest.drafts import Json, MediaDraft, MediaType, MusicDraft, Source
from ingest.errors import IncompleteItem, NotAtSource, UnusableIdentifier
from ingest.fields import (
    Day,
    Flag,
    Line,
    Maybe,
    Named,
    Part,
    Parts,
    Positive,
    Text,
    Texts,
    Whole,
    names,
    objects,
    present,
    read,
    text,
)
from ingest.upstream import Call, Profile, Upstream
from ingest.webhooks.happenings import Scheme, Work

_SOURCE = Source.MUSICBRAINZ
_KEY = "INGEST_CONTACT"  # it has no other
_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HOST = re.compile(r"(?:(?:www|beta)\.)?musicbrainz\.org")
_MOST_RESULTS = 100
_MOST_TAGS = 20
_INCLUDED = "artist-credits releases release-groups media isrcs genres tags"
_UNTOLD = date.max


def _mbid(value: object) -> str | None:
    given = (text(value) or "").lower()
    return given if _MBID.fullmatch(given) else None


Mbid = Annotated[str | None, BeforeValidator(_mbid)]


class _Artist(Part):
    id: Mbid = None


class _Credit(Part):
    """One of several artists; `joinphrase` is what stands before the next, such as " & "."""

    name: Line = None
    join: object = Field(None, alias="joinphrase")
    artist: Maybe[_Artist] = None


class _Track(Part):
    number: Positive = None  # A1 on vinyl, which is none
    position: Positive = None


class _Medium(Part):
    tracks: Parts[_Track] = Field((), validation_alias=AliasChoices("tracks", "track"))


class _ReleaseGroup(Part):
    id: Mbid = None
    primary_type: Text = Field(None, alias="primary-type")
    secondary_types: Texts = Field((), alias="secondary-types")


class _Release(Part):
    id: Mbid = None
    title: Line = None
    status: Text = None
    released: Day = Field(None, alias="date")
    group: Maybe[_ReleaseGroup] = Field(None, alias="release-group")
    media: Parts[_Medium] = ()

    def rank(self) -> tuple[bool, bool, bool, date]:
        """The album that a recording was made for comes before those that collect it."""
        group = self.group or _ReleaseGroup()
        return (
            self.status != "Official",
            bool(group.secondary_types),
            group.primary_type != "Album",
            self.released or _UNTOLD,
        )

    def track_number(self) -> int | None:
        tracks = [track for medium in self.media for track in medium.tracks]
        return next(filter(None, (each.number or each.position for each in tracks)), None)


class _Tag(Named):
    count: Whole = None


class _Recording(Part):
    id: Mbid = None
    title: Line = None
    disambiguation: Line = None
    length: Positive = None  # milliseconds
    video: Flag = None
    first_release_date: Day = Field(None, alias="first-release-date")
    credits: Parts[_Credit] = Field((), alias="artist-credit")
    releases: Parts[_Release] = ()
    isrcs: Texts = ()
    genres: Parts[_Tag] = ()
    tags: Parts[_Tag] = ()

    def artist_name(self) -> str | None:
        pieces = (f"{each.name}{_phrase(each)}" for each in self.credits if each.name)
        return "".join(pieces).strip() or None

    def release(self) -> _Release:
        return min(self.releases, key=_Release.rank, default=_Release())

    def labels(self) -> Sequence[str]:
        """Genres where there are any, else what people wrote; most agreed upon first."""
        given = self.genres or self.tags
        ranked = sorted(given, key=lambda each: each.count or 0, reverse=True)
        return names(ranked)[:_MOST_TAGS]


class _Results(Part):
    recordings: object = None


class MusicBrainz:
    """One request a second for each address, told who asks (musicbrainz.org/doc/MusicBrainz_API);
    above it answers 503. Its data are in the public domain (CC0), its tags CC BY-NC-SA."""

    source: ClassVar[Source] = _SOURCE
    media_types: ClassVar[frozenset[MediaType]] = frozenset({MediaType.MUSIC})
    terms: ClassVar[Terms | None] = None

    def __init__(self, upstream: Upstream, covers: str) -> None:
        self._upstream = upstream
        self._covers = covers.strip().rstrip("/")

    @classmethod
    def from_settings(cls, settings: ConnectorSettings, wiring: Wiring) -> "MusicBrainz":
        profile = Profile(
            source=_SOURCE,
            base_url=settings.musicbrainz_url,
            key_setting=_KEY,
            requests_per_second=1,
        )
        return cls(wiring.upstream(profile), settings.cover_art_archive_url)

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        params = {
            "query": query,
            "dismax": "true",  # the words as people type them, none of them an operator
            "limit": str(max(1, min(limit, _MOST_RESULTS))),
            "fmt": "json",
        }
        async with self._upstream.operation("search"):
            reply = await self._upstream.send(Call("recording", params=params))
            found = read(_Results, {} if reply.is_missing else reply.document(), _SOURCE)
        hits = ((read(_Recording, each, _SOURCE), each) for each in objects(found.recordings))
        return [self._draft(hit, orjson.dumps(each)) for hit, each in hits if hit.id and hit.title][
            :limit
        ]

    async def fetch(self, external_id: str) -> MediaDraft:
        mbid = self.normalize_id(external_id)
        call = Call(f"recording/{mbid}", params={"inc": _INCLUDED, "fmt": "json"})
        async with self._upstream.operation("fetch"):
            reply = await self._upstream.send(call)
            if reply.is_missing:
                raise NotAtSource(_SOURCE, mbid)
            return self._draft(read(_Recording, reply.document(), _SOURCE), reply.body)

    def parse_url(self, url: str) -> str | None:
        page = read_page_url(url)
        if page is None or not _HOST.fullmatch(page.host):
            return None
        match page.segments:
            case ("recording", mbid, *_) | ("ws", "2", "recording", mbid):
                return _mbid(mbid)
        return None

    def normalize_id(self, external_id: str) -> str:
        mbid = _mbid(external_id)
        if mbid is None:
            raise UnusableIdentifier(_SOURCE, "it is the MusicBrainz id of a recording")
        return mbid

    @staticmethod
    def clues(work: Work) -> list[Clue]:
        given = (
            (kind, _mbid(each.value))
            for kind, each in ids_of(work)
            if each.scheme is Scheme.MBID_RECORDING
        )
        return [Clue(kind, "mbid", mbid, mbid) for kind, mbid in given if mbid]

    async def resolve(self, _: Clue, /) -> str | None:
        """Nothing: many recordings have the same names, and only its id finds one for sure."""
        return None

    def _draft(self, recording: _Recording, raw: bytes) -> MediaDraft:
        if recording.id is None:
            raise IncompleteItem(_SOURCE, "id")
        if recording.title is None:
            raise IncompleteItem(_SOURCE, "title")
        release = recording.release()
        return MediaDraft(
            media_type=MediaType.MUSIC,
            source_name=_SOURCE,
            external_id=recording.id,
            title=recording.title,
            subtitle=recording.disambiguation,
            release_date=recording.first_release_date or release.released,
            cover_image_url=self._cover(release),
            canonical_url=f"https://musicbrainz.org/recording/{recording.id}",
            source_url=f"https://musicbrainz.org/ws/2/recording/{recording.id}",
            metadata=_metadata(recording, release),
            raw_payload=raw,
            extension=MusicDraft(
                artist_name=recording.artist_name(),
                album_name=release.title,
                track_number=release.track_number(),
                duration_ms=recording.length,
                mbid=recording.id,
            ),
        )

    def _cover(self, release: _Release) -> str | None:
        """Where the front is if the archive has one, which it alone knows."""
        if release.group and release.group.id:
            return f"{self._covers}/release-group/{release.group.id}/front-500"
        return f"{self._covers}/release/{release.id}/front-500" if release.id else None


def _phrase(credit: _Credit) -> str:
    return credit.join if isinstance(credit.join, str) else ""


def _metadata(recording: _Recording, release: _Release) -> dict[str, Json]:
    artist = recording.credits[0].artist if recording.credits else None
    return present(
        {
            "tags": list(recording.labels()),
            "isrcs": list(recording.isrcs),
            "video": recording.video or None,
            "artist_mbid": artist.id if artist else None,
            "album_mbid": release.id,
            "release_group_mbid": release.group.id if release.group else None,
        }
    )
