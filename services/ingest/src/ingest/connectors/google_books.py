"""Google Books: volumes, looked up by volume id."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

import orjson
from pydantic import Field

from common.errors import DomainError
from ingest.connectors.clues import Clue, ids_of
from ingest.connectors.page_url import read_page_url
from ingest.connectors.protocol import ConnectorSettings, Wiring, required
from ingest.connectors.terms import Terms
from ingest.drafts import BookDraft, MediaDraft, MediaType, Source
from ingest.errors import (
    IncompleteItem,
    NotAtSource,
    UnusableIdentifier,
    UpstreamGarbage,
    UpstreamRefused,
    UpstreamThrottled,
)
from ingest.fields import (
    Day,
    Https,
    Line,
    Maybe,
    Number,
    Part,
    Parts,
    Positive,
    Prose,
    Text,
    Texts,
    Whole,
    objects,
    present,
    read,
)
from ingest.upstream import Call, Faults, Profile, Reply, Upstream, http_fault
from ingest.webhooks.happenings import ForeignId, Scheme, Work

_SOURCE = Source.GOOGLE_BOOKS
_KEY = "INGEST_GOOGLE_BOOKS_KEY"
_VOLUME_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ISBN = {"ISBN_10": r"[0-9]{9}[0-9X]", "ISBN_13": r"[0-9]{13}"}
_HOST = re.compile(r"(?:www\.)?(?:books|play)\.google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")
_WWW = re.compile(r"(?:www\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")
_MOST_RESULTS = 40
_COUNTRY = {"country": "US"}  # without it, servers whose country is unknown are answered 403
_QUOTA_RESET_HOUR = 8  # midnight in the Pacific, in UTC (winter; an hour late in summer)
_PAUSE_SECONDS = 60.0
_QUOTA = re.compile(r"daily|per day|quotaexceeded", re.IGNORECASE)
_THROTTLE = re.compile(r"limitexceeded|quota|resource_exhausted", re.IGNORECASE)
_BAD_KEY = re.compile(r"api[ _]key|keyinvalid|keyexpired", re.IGNORECASE)


class _IndustryIdentifier(Part):
    type: Text = None
    identifier: Text = None


class _ImageLinks(Part):
    thumbnail: Https = None
    small: Https = None
    medium: Https = None
    large: Https = None
    extra_large: Https = Field(None, alias="extraLarge")
    small_thumbnail: Https = Field(None, alias="smallThumbnail")

    def cover(self) -> str | None:
        """The thumbnail, as in the earlier version; else the next best that is there."""
        larger = (self.small, self.medium, self.large, self.extra_large)
        return next(filter(None, (self.thumbnail, *larger, self.small_thumbnail)), None)


class _VolumeInfo(Part):
    title: Line = None
    subtitle: Line = None
    authors: Texts = ()
    publisher: Line = None
    published_date: Day = Field(None, alias="publishedDate")
    description: Prose = None
    identifiers: Parts[_IndustryIdentifier] = Field((), alias="industryIdentifiers")
    page_count: Positive = Field(None, alias="pageCount")
    categories: Texts = ()
    average_rating: Number = Field(None, alias="averageRating")
    ratings_count: Whole = Field(None, alias="ratingsCount")
    maturity_rating: Text = Field(None, alias="maturityRating")
    image_links: Maybe[_ImageLinks] = Field(None, alias="imageLinks")
    language: Text = None
    info_link: Https = Field(None, alias="infoLink")
    canonical_link: Https = Field(None, alias="canonicalVolumeLink")

    def isbn(self, kind: str) -> str | None:
        for each in self.identifiers:
            digits = re.sub(r"[\s-]", "", each.identifier or "").upper()
            if each.type == kind and re.fullmatch(_ISBN[kind], digits):
                return digits
        return None


class _Volume(Part):
    id: Text = None
    self_link: Https = Field(None, alias="selfLink")
    info: Maybe[_VolumeInfo] = Field(None, alias="volumeInfo")


class _Volumes(Part):
    items: object = None  # absent when nothing was found; read one by one, to keep each raw


class _Reason(Part):
    reason: Text = None
    message: Text = None


class _Problem(Part):
    status: Text = None
    message: Text = None
    errors: Parts[_Reason] = ()
    details: Parts[_Reason] = ()

    def words(self) -> str:
        told = [self.status, self.message]
        for each in (*self.errors, *self.details):
            told += [each.reason, each.message]
        return " ".join(filter(None, told))


class _Refusal(Part):
    error: Maybe[_Problem] = None


class GoogleBooks:
    source: ClassVar[Source] = _SOURCE
    media_types: ClassVar[frozenset[MediaType]] = frozenset({MediaType.BOOK})
    terms: ClassVar[Terms | None] = None

    def __init__(self, upstream: Upstream, key: str) -> None:
        self._upstream = upstream
        self._headers = {"X-Goog-Api-Key": key}  # not `key=`: addresses end up in logs

    @classmethod
    def from_settings(cls, settings: ConnectorSettings, wiring: Wiring) -> "GoogleBooks":
        (key,) = required(_SOURCE, {_KEY: settings.google_books_key})
        profile = Profile(
            source=_SOURCE,
            base_url=settings.google_books_url,
            key_setting=_KEY,
            requests_per_second=10,
        )
        return cls(wiring.upstream(profile, _faults(wiring.clock.now)), key)

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        params = {
            "q": query,
            "maxResults": str(max(1, min(limit, _MOST_RESULTS))),
            "printType": "books",
            **_COUNTRY,
        }
        async with self._upstream.operation("search"):
            reply = await self._upstream.send(Call("volumes", params=params, headers=self._headers))
            found = read(_Volumes, {} if reply.is_missing else reply.document(), _SOURCE)
        return [
            _draft(volume, orjson.dumps(each))
            for each in objects(found.items)
            if _is_whole(volume := read(_Volume, each, _SOURCE))
        ][:limit]

    async def fetch(self, external_id: str) -> MediaDraft:
        volume_id = self.normalize_id(external_id)
        call = Call(f"volumes/{volume_id}", params=_COUNTRY, headers=self._headers)
        async with self._upstream.operation("fetch"):
            reply = await self._upstream.send(call)
            if reply.is_missing:
                raise NotAtSource(_SOURCE, volume_id)
            return _draft(read(_Volume, reply.document(), _SOURCE), reply.body)

    def parse_url(self, url: str) -> str | None:
        page = read_page_url(url)
        if page is None:
            return None
        on_www = _WWW.fullmatch(page.host) is not None and page.segments[:1] == ("books",)
        on_api = page.host in {"www.googleapis.com", "books.googleapis.com"}
        if not (on_www or on_api or _HOST.fullmatch(page.host)):
            return None
        match page.segments:
            case (*_, "volumes", volume_id) | ("books", "edition", _, volume_id, *_):
                in_path = volume_id
            case _:
                in_path = ""
        candidates = (page.query.get("id", ""), in_path, page.fragment)
        return next((each for each in candidates if _VOLUME_ID.fullmatch(each)), None)

    def normalize_id(self, external_id: str) -> str:
        volume_id = external_id.strip()
        if not _VOLUME_ID.fullmatch(volume_id):
            raise UnusableIdentifier(_SOURCE, "a volume id has letters, digits, _ and - only")
        return volume_id

    @staticmethod
    def clues(work: Work) -> list[Clue]:
        clues = (_clue(kind, given) for kind, given in ids_of(work))
        return [clue for clue in clues if clue]

    async def resolve(self, clue: Clue, /) -> str | None:
        """The first volume of that ISBN: Google has several of many a book."""
        params = {"q": f"isbn:{clue.value}", "printType": "books", **_COUNTRY}
        async with self._upstream.operation("find"):
            reply = await self._upstream.send(Call("volumes", params=params, headers=self._headers))
            found = read(_Volumes, {} if reply.is_missing else reply.document(), _SOURCE)
        volumes = (read(_Volume, each, _SOURCE) for each in objects(found.items))
        return next((volume.id for volume in volumes if _has_isbn(volume, clue.value)), None)


def _clue(kind: str, given: ForeignId) -> Clue | None:
    isbn = re.sub(r"[\s-]", "", given.value).upper()
    match given.scheme:
        case Scheme.GOOGLE_BOOKS if _VOLUME_ID.fullmatch(given.value):
            return Clue(kind, "google_books", given.value, given.value)
        case Scheme.ISBN if any(re.fullmatch(shape, isbn) for shape in _ISBN.values()):
            return Clue(kind, "isbn", isbn)
    return None


def _has_isbn(volume: _Volume, isbn: str) -> bool:
    """Whether it is whole and of that ISBN: searches also find books that mention the number."""
    return _is_whole(volume) and isbn in {volume.info and volume.info.isbn(kind) for kind in _ISBN}


def _is_whole(volume: _Volume) -> bool:
    named = volume.id is not None and _VOLUME_ID.fullmatch(volume.id)
    return bool(named and volume.info and volume.info.title)


def _draft(volume: _Volume, raw: bytes) -> MediaDraft:
    info = volume.info
    if not volume.id or not _VOLUME_ID.fullmatch(volume.id):
        raise IncompleteItem(_SOURCE, "id")
    if info is None:
        raise IncompleteItem(_SOURCE, "volumeInfo")
    return MediaDraft(
        media_type=MediaType.BOOK,
        source_name=_SOURCE,
        external_id=volume.id,
        title=info.title or "Unknown",
        subtitle=info.subtitle,
        description=info.description,
        release_date=info.published_date,
        cover_image_url=info.image_links.cover() if info.image_links else None,
        canonical_url=_page(volume.id, info),
        source_url=volume.self_link or f"https://www.googleapis.com/books/v1/volumes/{volume.id}",
        metadata=present(
            {
                "categories": list(info.categories),
                "language": info.language,
                "pageCount": info.page_count,
                "averageRating": info.average_rating,
                "ratingsCount": info.ratings_count,
                "maturityRating": info.maturity_rating,
            }
        ),
        raw_payload=raw,
        extension=BookDraft(
            authors=info.authors,
            page_count=info.page_count,
            publisher=info.publisher,
            language=info.language,
            isbn_10=info.isbn("ISBN_10"),
            isbn_13=info.isbn("ISBN_13"),
        ),
        popularity=info.ratings_count,
    )


def _page(volume_id: str, info: _VolumeInfo) -> str:
    link = info.info_link or info.canonical_link
    if link is None:
        return f"https://books.google.com/books?id={volume_id}"
    parts = urlsplit(link)
    # Search answers put the words searched for in `dq`: the same book, another address.
    kept = [each for each in parts.query.split("&") if each and not each.startswith("dq=")]
    return urlunsplit(parts._replace(query="&".join(kept)))


def _faults(now: Callable[[], datetime]) -> Faults:
    """Google tells a used-up quota and a bad key in the body, under 400, 403 or 429."""

    def fault(reply: Reply) -> DomainError | None:
        general = http_fault(reply, _KEY)
        if general is None or reply.status not in {400, 403, 429}:
            return general
        try:
            problem = read(_Refusal, reply.document(), _SOURCE).error or _Problem()
        except UpstreamGarbage:
            return general
        words = problem.words()
        if _QUOTA.search(words):
            return UpstreamThrottled(_SOURCE, _until_quota_reset(now()))
        if _THROTTLE.search(words):
            return UpstreamThrottled(_SOURCE, reply.retry_after or _PAUSE_SECONDS)
        if _BAD_KEY.search(words):
            return UpstreamRefused(_SOURCE, _KEY, reply.status)
        return general

    return fault


def _until_quota_reset(now: datetime) -> float:
    reset = now.replace(hour=_QUOTA_RESET_HOUR, minute=0, second=0, microsecond=0)
    if reset <= now:
        reset += timedelta(days=1)
    return (reset - now).total_seconds()
