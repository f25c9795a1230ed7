"""Last.fm: tracks, looked up by MusicBrainz id or as `artist::track`."""

import re
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, ClassVar
from urllib.parse import unquote_plus

import orjson
from pydantic import BeforeValidator, Field

from common.errors import DomainError
from ingest.connectors.clues import Clue
from ingest.connectors.page_url import read_page_url
from ingest.connectors.protocol import ConnectorSettings, Wiring, required
from ingest.connectors.terms import Terms
from ingest.drafts import MediaDraft, MediaType, MusicDraft, Source
from ingest.errors import (
    IncompleteItem,
    NotAtSource,
    RequestRejected,
    UnusableIdentifier,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from ingest.fields import (
    Https,
    Line,
    Maybe,
    Named,
    Part,
    Parts,
    Positive,
    Text,
    Whole,
    day,
    names,
    number,
    objects,
    present,
    prose,
    read,
    text,
)
from ingest.upstream import Call, Profile, Reply, Upstream, http_fault
from ingest.webhooks.happenings import Scheme, Work

_SOURCE = Source.LASTFM
_KEY = "INGEST_LASTFM_KEY"
_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HOST = re.compile(r"(?:www\.)?(?:last\.fm|lastfm\.[a-z]{2}(?:\.[a-z]{2})?)")
_LOCALE = re.compile(r"[a-z]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATOR = "::"
_LONGEST_ID = 255
_CLUES = {Scheme.LASTFM: "lastfm", Scheme.MBID_RECORDING: "mbid"}
_MOST_RESULTS = 30
_SIZES = ("small", "medium", "large", "extralarge", "mega")
_PLACEHOLDER = "2a96cbd8b46e442fc41c2b86b821562f"  # a grey star
_READ_MORE = re.compile(r"<a\b[^>]*>\s*Read more\b.*", re.IGNORECASE | re.DOTALL)
_NOT_FOUND = 6
_TEMPORARY = frozenset({8, 11, 16})
_BAD_KEY = frozenset({10, 26})
_RATE_LIMIT = 29


def _summary(value: object) -> str | None:
    return prose(_READ_MORE.sub("", value)) if isinstance(value, str) else None


def _mbid(value: object) -> str | None:
    given = (text(value) or "").lower()
    return given if _MBID.fullmatch(given) else None


def _release_day(value: object) -> date | None:
    """2001-05-06 or, in older answers, `6 May 2001, 00:00`."""
    words = text(value) or ""
    try:
        return day(words) or datetime.strptime(words, "%d %b %Y, %H:%M").date()  # noqa: DTZ007
    except ValueError:
        return None


def _artist(value: object) -> object:
    """A search hit has the bare name where a track has an object."""
    return {"name": value} if isinstance(value, str) else value


Mbid = Annotated[str | None, BeforeValidator(_mbid)]


class _Image(Part):
    size: Text = None
    url: Https = Field(None, alias="#text")


class _Position(Part):
    position: Positive = None


class _Album(Part):
    title: Line = None
    mbid: Mbid = None
    release_date: Annotated[date | None, BeforeValidator(_release_day)] = None
    images: Parts[_Image] = Field((), alias="image")
    attributes: Maybe[_Position] = Field(None, alias="@attr")


class _Artist(Named):
    mbid: Mbid = None


class _Wiki(Part):
    summary: Annotated[str | None, BeforeValidator(_summary)] = None


class _Tags(Part):
    tag: Parts[Named] = ()


class _Track(Part):
    name: Line = None
    mbid: Mbid = None
    url: Https = None
    duration: Positive = None
    listeners: Text = None
    playcount: Text = None
    artist: Annotated[Maybe[_Artist], BeforeValidator(_artist)] = None
    album: Maybe[_Album] = None
    toptags: Maybe[_Tags] = None
    wiki: Maybe[_Wiki] = None
    images: Parts[_Image] = Field((), alias="image")

    def artist_name(self) -> str | None:
        return self.artist.name if self.artist else None

    def cover(self) -> str | None:
        given = (*(self.album.images if self.album else ()), *self.images)
        real = [each for each in given if each.url and _PLACEHOLDER not in each.url]
        return max(real, key=_size).url if real else None


class _Matches(Part):
    track: object = None


class _Results(Part):
    matches: Maybe[_Matches] = Field(None, alias="trackmatches")


class _Answer(Part):
    error: Whole = None
    track: Maybe[_Track] = None
    results: Maybe[_Results] = None


class Lastfm:
    source: ClassVar[Source] = _SOURCE
    media_types: ClassVar[frozenset[MediaType]] = frozenset({MediaType.MUSIC})
    terms: ClassVar[Terms | None] = None

    def __init__(self, upstream: Upstream, key: str) -> None:
        self._upstream = upstream
        self._params = {"api_key": key, "format": "json"}

    @classmethod
    def from_settings(cls, settings: ConnectorSettings, wiring: Wiring) -> "Lastfm":
        (key,) = required(_SOURCE, {_KEY: settings.lastfm_key})
        profile = Profile(
            source=_SOURCE, base_url=settings.lastfm_url, key_setting=_KEY, requests_per_second=5
        )
        return cls(wiring.upstream(profile, _fault), key)

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        """Drafts of search hits are always called `artist::track`.

        Last.fm finds few tracks by the MusicBrainz ids that it gives in hits.
        """
        wanted = str(max(1, min(limit, _MOST_RESULTS)))
        async with self._upstream.operation("search"):
            _, answer = await self._ask(method="track.search", track=query, limit=wanted)
        matches = answer.results.matches if answer.results else None
        hits = ((read(_Track, each, _SOURCE), each) for each in objects(matches and matches.track))
        return [
            _draft(hit, _by_names(hit), orjson.dumps(each))
            for hit, each in hits
            if hit.name and hit.artist_name()
        ][:limit]

    async def fetch(self, external_id: str) -> MediaDraft:
        track_id = self.normalize_id(external_id)
        if _MBID.fullmatch(track_id):
            wanted = {"mbid": track_id}
        else:
            artist, _, name = track_id.partition(_SEPARATOR)
            wanted = {"artist": artist, "track": name}
        async with self._upstream.operation("fetch"):
            reply, answer = await self._ask(method="track.getInfo", autocorrect="1", **wanted)
            if answer.error == _NOT_FOUND or reply.is_missing:
                raise NotAtSource(_SOURCE, track_id)
            if answer.track is None:
                raise UpstreamGarbage(_SOURCE, "no track")
            track = answer.track
            return _draft(track, track.mbid or _by_names(track), reply.body)

    async def _ask(self, **params: str) -> tuple[Reply, _Answer]:
        reply = await self._upstream.send(Call("", params={**params, **self._params}))
        return reply, _Answer() if reply.is_missing else read(_Answer, reply.document(), _SOURCE)

    def parse_url(self, url: str) -> str | None:
        page = read_page_url(url)
        if page is None or not _HOST.fullmatch(page.host):
            return None
        segments = [each for each in page.segments if each != "+noredirect"]
        if len(segments) > 1 and segments[1] == "music" and _LOCALE.fullmatch(segments[0]):
            segments = segments[1:]
        match segments:
            case ["music", artist, _, track] if not track.startswith("+"):
                return f"{_decoded(artist)}{_SEPARATOR}{_decoded(track)}"
        return None

    def normalize_id(self, external_id: str) -> str:
        return _normalized(external_id)

    @staticmethod
    def clues(work: Work) -> list[Clue]:
        """None is an external id yet: Last.fm's answer says whether that is the MBID or names."""
        given = [(_CLUES[each.scheme], each.value) for each in work.ids if each.scheme in _CLUES]
        if work.artist and work.title:
            given.append(("artist and title", f"{work.artist}{_SEPARATOR}{work.title}"))
        clues = (_clue(work.media_type, name, value) for name, value in given)
        return [clue for clue in clues if clue]

    async def resolve(self, clue: Clue, /) -> str | None:
        """What `fetch` takes; no request."""
        return clue.value


def _normalized(external_id: str) -> str:
    given = external_id.strip()
    if mbid := _mbid(given):
        return mbid
    artist, separator, track = (each.strip() for each in given.partition(_SEPARATOR))
    if not (artist and separator and track):
        raise UnusableIdentifier(_SOURCE, "it is a MusicBrainz id or artist::track")
    if len(given) > _LONGEST_ID or _CONTROL.search(given):
        raise UnusableIdentifier(
            _SOURCE, f"it has at most {_LONGEST_ID} characters, none of them control"
        )
    return f"{artist}{_SEPARATOR}{track}"


def _clue(kind: str, name: str, value: str) -> Clue | None:
    try:
        return Clue(kind, name, _normalized(value))
    except UnusableIdentifier:
        return None


def _decoded(segment: str) -> str:
    """Last.fm encodes a plus of a name twice, because a single one stands for a space."""
    return re.sub("%2B", "+", unquote_plus(segment), flags=re.IGNORECASE)


def _size(image: _Image) -> int:
    return _SIZES.index(image.size) if image.size in _SIZES else -1


def _by_names(track: _Track) -> str:
    return f"{track.artist_name()}{_SEPARATOR}{track.name}"


def _fault(reply: Reply) -> DomainError | None:
    """Last.fm tells errors in the body, often under status 200."""
    try:
        code = read(_Answer, reply.document(), _SOURCE).error
    except UpstreamGarbage:
        code = None
    if code is None:
        return http_fault(reply, _KEY)
    if code == _NOT_FOUND:
        return None
    if code == _RATE_LIMIT:
        return UpstreamThrottled(_SOURCE, reply.retry_after)
    if code in _TEMPORARY:
        return UpstreamUnavailable(_SOURCE, f"error {code}")
    if code in _BAD_KEY:
        return UpstreamRefused(_SOURCE, _KEY, HTTPStatus.FORBIDDEN)
    return RequestRejected(_SOURCE, HTTPStatus.BAD_REQUEST)


def _draft(track: _Track, external_id: str, raw: bytes) -> MediaDraft:
    artist = track.artist_name()
    if track.name is None:
        raise IncompleteItem(_SOURCE, "name")
    if artist is None:
        raise IncompleteItem(_SOURCE, "artist")
    album = track.album or _Album()
    return MediaDraft(
        media_type=MediaType.MUSIC,
        source_name=_SOURCE,
        external_id=external_id,
        title=track.name,
        description=track.wiki.summary if track.wiki else None,
        release_date=album.release_date,
        cover_image_url=track.cover(),
        canonical_url=track.url,
        source_url=track.url,
        metadata=present(
            {
                "listeners": track.listeners,
                "playcount": track.playcount,
                "tags": list(names(track.toptags.tag)) if track.toptags else [],
                "artist_mbid": track.artist.mbid if track.artist else None,
                "album_mbid": album.mbid,
                # the text is CC BY-SA: who shows it must link to where it is from
                "description_source": track.url if track.wiki and track.wiki.summary else None,
            }
        ),
        raw_payload=raw,
        extension=MusicDraft(
            artist_name=artist,
            album_name=album.title,
            track_number=album.attributes.position if album.attributes else None,
            duration_ms=track.duration,
            mbid=track.mbid,
        ),
        popularity=number(track.listeners),
    )
