"""Open Library: books, looked up by their works (`OL45804W`); an edition (`…M`) stands for its."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, ClassVar, TypeAlias

import orjson
from pydantic import AliasChoices, BeforeValidator, Field

from ingest.connectors.clues import Clue, ids_of
from ingest.connectors.page_url import read_page_url
from ingest.connectors.protocol import ConnectorSettings, Wiring
from ingest.connectors.terms import Terms
from ingest.drafts import BookDraft, Json, MediaDraft, MediaType, Source
from ingest.errors import IncompleteItem, NotAtSource, UnusableIdentifier
from ingest.fields import (
    Line,
    Maybe,
    Named,
    Number,
    Part,
    Parts,
    Positive,
    Text,
    Texts,
    Whole,
    listed,
    names,
    objects,
    positive,
    present,
    prose,
    read,
    text,
)
from ingest.upstream import Call, Profile, Upstream
from ingest.webhooks.happenings import Scheme, Work

_SOURCE = Source.OPEN_LIBRARY
_KEY = "INGEST_CONTACT"  # it has no other
_ID = re.compile(r"OL[1-9][0-9]{0,11}[WM]")
_AUTHOR = re.compile(r"OL[1-9][0-9]{0,11}A")
_PLACE = re.compile(r"/((?:works|books|authors)/OL[1-9][0-9]{0,11}[WMA])")
_HOST = re.compile(r"(?:www\.)?openlibrary\.org")
_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
_ISBN_10 = re.compile(r"[0-9]{9}[0-9X]")
_ISBN_13 = re.compile(r"97[89][0-9]{10}")
_COVERS = "https://covers.openlibrary.org/b/id"
_PER_SECOND_NAMELESS, _PER_SECOND = 1, 3
_MOST_RESULTS = 100
_MOST_AUTHORS = 3
_MOST_SUBJECTS = 20
# Of the editions of a work, the one that fits the question best comes with it.
_FIELDS = (
    "key,title,subtitle,author_name,first_publish_year,cover_i,isbn,language,publisher,"
    "number_of_pages_median,subject,edition_count,readinglog_count,ratings_average,ratings_count,"
    "editions,editions.key,editions.title,editions.isbn,editions.publisher,editions.language,"
    "editions.cover_i"
)

_Document: TypeAlias = Mapping[str, object]


def _words(value: object) -> str | None:
    """A text, or {type, value}."""
    return prose(value.get("value") if isinstance(value, Mapping) else value)


def _year(value: object) -> int | None:
    """Of 1988 or "October 1, 1988"."""
    found = _YEAR.search(text(value) or "")
    return int(found[1]) if found else None


def _cover(value: object) -> int | None:
    """The first cover of a list; -1 was taken away."""
    return next(filter(None, map(positive, listed(value))), None)


def _code(value: object) -> str | None:
    """The last part of /languages/eng, or the code itself."""
    first = next(iter(listed(value)), None)
    given = first.get("key") if isinstance(first, Mapping) else first
    return (text(given) or "").rpartition("/")[2] or None


Words = Annotated[str | None, BeforeValidator(_words)]
Year = Annotated[int | None, BeforeValidator(_year)]
Cover = Annotated[int | None, BeforeValidator(_cover)]
Code = Annotated[str | None, BeforeValidator(_code)]


class _Reference(Part):
    key: Text = None

    def id(self) -> str:
        return (self.key or "").rpartition("/")[2]


class _Author(_Reference):
    """Works have {author: {key}}, editions {key}."""

    author: Maybe[_Reference] = None

    def address(self) -> str:
        return (self.author or self).id()


class _Record(_Reference):
    type: Maybe[_Reference] = None
    location: Text = None

    def what(self) -> str:
        return self.type.id() if self.type else ""

    def place(self) -> str | None:
        """Where it has moved to."""
        found = _PLACE.fullmatch(self.location or "")
        return found[1] if found else None


class _Edition(_Reference):
    """As in a search hit, or as a record of its own."""

    works: Parts[_Reference] = ()
    isbn: Texts = ()
    isbn_10: Texts = ()
    isbn_13: Texts = ()
    publishers: Texts = Field((), validation_alias=AliasChoices("publisher", "publishers"))
    language: Code = Field(None, validation_alias=AliasChoices("language", "languages"))
    cover: Cover = Field(None, validation_alias=AliasChoices("cover_i", "covers"))
    pages: Positive = Field(None, alias="number_of_pages")
    year: Year = Field(None, alias="publish_date")

    def isbns(self) -> tuple[str, ...]:
        return (*self.isbn_13, *self.isbn_10, *self.isbn)


class _Editions(Part):
    docs: Parts[_Edition] = ()


class _Work(_Edition):
    """A search hit, a record of a work, or the two in one."""

    title: Line = None
    subtitle: Line = None
    description: Words = None
    author_name: Texts = ()
    authors: Parts[_Author] = ()
    first_year: Year = Field(
        None, validation_alias=AliasChoices("first_publish_year", "first_publish_date")
    )
    median_pages: Positive = Field(None, alias="number_of_pages_median")
    subjects: Texts = Field((), validation_alias=AliasChoices("subject", "subjects"))
    edition_count: Positive = None
    readinglog_count: Whole = None
    ratings_average: Number = None
    ratings_count: Whole = None
    editions: Maybe[_Editions] = None

    def edition(self) -> _Edition:
        return next(iter(self.editions.docs), _Edition()) if self.editions else _Edition()


class _Results(Part):
    docs: object = None


class OpenLibrary:
    """Everybody may ask once a second; who says who they are and how to be reached, thrice
    (openlibrary.org/developers/api). What it says is in the public domain (CC0)."""

    source: ClassVar[Source] = _SOURCE
    media_types: ClassVar[frozenset[MediaType]] = frozenset({MediaType.BOOK})
    terms: ClassVar[Terms | None] = None

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    @classmethod
    def from_settings(cls, settings: ConnectorSettings, wiring: Wiring) -> "OpenLibrary":
        profile = Profile(
            source=_SOURCE,
            base_url=settings.open_library_url,
            key_setting=_KEY,
            requests_per_second=_PER_SECOND if settings.contact else _PER_SECOND_NAMELESS,
        )
        return cls(wiring.upstream(profile))

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        wanted = str(max(1, min(limit, _MOST_RESULTS)))
        async with self._upstream.operation("search"):
            found = await self._search(q=query, limit=wanted, fields=_FIELDS)
        return [_draft(hit) for hit in found if _is_whole(hit)][:limit]

    async def fetch(self, external_id: str) -> MediaDraft:
        """A few requests, never more than eight: they may be a second apart."""
        wanted = self.normalize_id(external_id)
        async with self._upstream.operation("fetch"):
            record, edition = await self._look_up(wanted)
            if record is None:
                raise NotAtSource(_SOURCE, wanted)
            document = {**await self._known_of(record), **record}
            if edition is not None:
                document["editions"] = {"docs": [edition]}
            return _draft({**document, **await self._authors(document)})

    async def _look_up(self, wanted: str) -> tuple[_Document | None, _Document | None]:
        """The work, and the edition that was asked for; some editions are of no work."""
        if wanted.endswith("W"):
            return await self._record(f"works/{wanted}.json"), None
        edition = await self._record(f"books/{wanted}.json")
        works = read(_Edition, edition or {}, _SOURCE).works
        work_id = next((each.id() for each in works if _ID.fullmatch(each.id())), None)
        work = await self._record(f"works/{work_id}.json") if work_id else None
        return work or edition, edition

    async def _known_of(self, record: _Document) -> _Document:
        """What no record of a work has: names of its authors, its first year, its readers."""
        work_id = read(_Work, record, _SOURCE).id()
        found = await self._search(q=f"key:/works/{work_id}", limit="1", fields=_FIELDS)
        return next((each for each in found if read(_Work, each, _SOURCE).id() == work_id), {})

    async def _authors(self, document: _Document) -> _Document:
        work = read(_Work, document, _SOURCE)
        if work.author_name:
            return {}
        ids = [each.address() for each in work.authors if _AUTHOR.fullmatch(each.address())]
        records = [await self._record(f"authors/{each}.json") for each in ids[:_MOST_AUTHORS]]
        return {"author_name": list(names(read(Named, each or {}, _SOURCE) for each in records))}

    async def _record(self, address: str, *, has_moved: bool = False) -> _Document | None:
        """Of records that became one, the one that is left."""
        reply = await self._upstream.send(Call(address))
        if reply.is_missing:
            return None
        document = reply.document()
        record = read(_Record, document, _SOURCE)
        if record.what() == "redirect" and not has_moved and (place := record.place()):
            return await self._record(f"{place}.json", has_moved=True)
        is_there = record.what() not in {"redirect", "delete"}
        return document if is_there and isinstance(document, Mapping) else None

    async def _search(self, **params: str) -> list[_Document]:
        reply = await self._upstream.send(Call("search.json", params=params))
        found = read(_Results, {} if reply.is_missing else reply.document(), _SOURCE)
        return [each for each in objects(found.docs) if isinstance(each, Mapping)]

    def parse_url(self, url: str) -> str | None:
        page = read_page_url(url)
        if page is None or not _HOST.fullmatch(page.host):
            return None
        match page.segments:
            case ("works" | "books", name, *_) if _ID.fullmatch(name.removesuffix(".json")):
                return name.removesuffix(".json")
        return None

    def normalize_id(self, external_id: str) -> str:
        given = external_id.strip().upper()
        if not _ID.fullmatch(given):
            raise UnusableIdentifier(_SOURCE, "it is OL<number>W of a work or OL<number>M")
        return given

    @staticmethod
    def clues(work: Work) -> list[Clue]:
        isbns = (
            (kind, re.sub(r"[\s-]", "", given.value).upper())
            for kind, given in ids_of(work)
            if given.scheme is Scheme.ISBN
        )
        return [Clue(kind, "isbn", isbn) for kind, isbn in isbns if _is_isbn(isbn)]

    async def resolve(self, clue: Clue, /) -> str | None:
        async with self._upstream.operation("find"):
            found = await self._search(isbn=clue.value, limit="2", fields="key,title")
        works = [read(_Work, each, _SOURCE).id() for each in found if _is_whole(each)]
        return works[0] if len(works) == 1 else None


def _is_whole(hit: _Document) -> bool:
    work = read(_Work, hit, _SOURCE)
    return bool(work.title and _ID.fullmatch(work.id()))


def _is_isbn(digits: str) -> bool:
    return bool(_ISBN_10.fullmatch(digits) or _ISBN_13.fullmatch(digits))


def _isbns(given: Iterable[str]) -> tuple[str | None, str | None]:
    """The 10 and the 13 digits of one edition, as far as told: they share nine of them."""
    digits = [re.sub(r"[\s-]", "", each).upper() for each in given]
    long = next((each for each in digits if _ISBN_13.fullmatch(each)), None)
    tens = [each for each in digits if _ISBN_10.fullmatch(each)]
    same = [each for each in tens if long is None or each[:9] == long[3:12]]
    return next(iter(same), None), long


def _draft(document: _Document) -> MediaDraft:
    work = read(_Work, document, _SOURCE)
    edition, work_id = work.edition(), work.id()
    if not _ID.fullmatch(work_id):
        raise IncompleteItem(_SOURCE, "key")
    if work.title is None:
        raise IncompleteItem(_SOURCE, "title")
    isbn_10, isbn_13 = _isbns(edition.isbns() or work.isbns())
    year, cover = work.first_year or edition.year, work.cover or edition.cover
    place = "works" if work_id.endswith("W") else "books"
    return MediaDraft(
        media_type=MediaType.BOOK,
        source_name=_SOURCE,
        external_id=work_id,
        title=work.title,
        subtitle=work.subtitle,
        description=work.description,
        release_date=date(year, 1, 1) if year else None,
        cover_image_url=f"{_COVERS}/{cover}-L.jpg" if cover else None,
        canonical_url=f"https://openlibrary.org/{place}/{work_id}",
        source_url=f"https://openlibrary.org/{place}/{work_id}.json",
        metadata=_metadata(work, edition),
        raw_payload=orjson.dumps(document),
        extension=BookDraft(
            authors=work.author_name,
            page_count=edition.pages or work.pages or work.median_pages,
            publisher=next(iter(edition.publishers or work.publishers), None),
            language=edition.language or work.language,
            isbn_10=isbn_10,
            isbn_13=isbn_13,
        ),
        popularity=work.readinglog_count,
    )


def _metadata(work: _Work, edition: _Edition) -> dict[str, Json]:
    return present(
        {
            "subjects": list(work.subjects[:_MOST_SUBJECTS]),
            "edition": edition.id() or None,
            "edition_count": work.edition_count,
            "readinglog_count": work.readinglog_count,
            "ratings_average": work.ratings_average,
            "ratings_count": work.ratings_count,
        }
    )
