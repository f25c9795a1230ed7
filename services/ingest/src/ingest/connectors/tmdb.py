"""TMDB: films and series, whose ids carry the kind (`movie:603`, `tv:603`)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import orjson
from pydantic import Field

from ingest.connectors.clues import EPISODE, Clue, ids_of
from ingest.connectors.page_url import read_page_url
from ingest.connectors.protocol import ConnectorSettings, Wiring, required
from ingest.connectors.terms import Terms
from ingest.drafts import AvailabilityDraft, Json, MediaDraft, MediaType, ScreenDraft, Source
from ingest.errors import IdOfEpisode, IncompleteItem, NotAtSource, UnusableIdentifier
from ingest.fields import (
    Day,
    Https,
    Line,
    Maybe,
    Named,
    Number,
    Part,
    Parts,
    Positive,
    Prose,
    Text,
    Whole,
    listed,
    names,
    objects,
    positive,
    present,
    read,
    unique,
)
from ingest.upstream import Call, Profile, Upstream
from ingest.webhooks.happenings import ForeignId, Scheme, Work

_SOURCE = Source.TMDB
_KEY = "INGEST_TMDB_TOKEN"
_KINDS = {"movie": MediaType.MOVIE, "tv": MediaType.TV}
_EXTERNAL_ID = re.compile(r"(?:(movie|tv):)?0*([1-9][0-9]{0,8})")
_NUMBER = re.compile(r"0*([1-9][0-9]{0,8})")
_PAGE = re.compile(rf"{_NUMBER.pattern}(?:-.*)?")
_V3_KEY = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_IMAGES = "https://image.tmdb.org/t/p/original"
_IMAGE_PATH = re.compile(r"/[A-Za-z0-9_.-]+")
_IMDB_ID = re.compile(r"tt[0-9]{1,10}")
_WANTED = ["external_ids", "credits"]
_WATCH = "watch/providers"
# How one can see it, in TMDB's words and in ours.
_FORMATS = {"flatrate": "stream", "free": "free", "ads": "ads", "rent": "rent", "buy": "buy"}


class _Job(Named):
    job: Text = None


class _Credits(Part):
    crew: Parts[_Job] = ()


class _ExternalIds(Part):
    imdb_id: Text = None
    tvdb_id: Positive = None


class _Language(Part):
    english_name: Text = None
    iso_639_1: Text = None
    name: Text = None


class _Episode(Part):
    runtime: Positive = None


class _Provider(Part):
    provider_name: Line = None


class _Region(Part):
    """Where a title can be seen in a country; `link` is TMDB's page of all of it."""

    link: Https = None
    flatrate: Parts[_Provider] = ()
    free: Parts[_Provider] = ()
    ads: Parts[_Provider] = ()
    rent: Parts[_Provider] = ()
    buy: Parts[_Provider] = ()

    def offers(self, region: str) -> Iterator[AvailabilityDraft]:
        for theirs, ours in _FORMATS.items():
            for name in unique(each.provider_name for each in getattr(self, theirs)):
                yield AvailabilityDraft(name, region, ours, self.link)


class _Regions(Part):
    results: object = None

    def of(self, regions: Sequence[str]) -> dict[str, object]:
        told = self.results if isinstance(self.results, Mapping) else {}
        return {region: told[region] for region in regions if isinstance(told.get(region), Mapping)}


class _Title(Part):
    """A film, a series or a search hit; which of them, `media_type` or the request tells."""

    id: Positive = None
    media_type: Text = None
    title: Line = None
    name: Line = None
    original_title: Line = None
    original_name: Line = None
    tagline: Line = None
    overview: Prose = None
    release_date: Day = None
    first_air_date: Day = None
    poster_path: Text = None
    popularity: Number = None
    vote_average: Number = None
    vote_count: Whole = None
    status: Text = None
    original_language: Text = None
    genres: Parts[Named] = ()
    spoken_languages: Parts[_Language] = ()
    runtime: Positive = None
    episode_run_time: object = None
    last_episode_to_air: Maybe[_Episode] = None
    number_of_seasons: Positive = None
    number_of_episodes: Positive = None
    created_by: Parts[Named] = ()
    imdb_id: Text = None
    external_ids: Maybe[_ExternalIds] = None
    crew: Maybe[_Credits] = Field(None, alias="credits")
    watch: Maybe[_Regions] = Field(None, alias=_WATCH)

    def label(self, kind: str) -> str | None:
        if kind == "movie":
            return self.title or self.original_title
        return self.name or self.original_name

    def minutes(self) -> int | None:
        usual = (positive(each) for each in listed(self.episode_run_time))
        last = self.last_episode_to_air.runtime if self.last_episode_to_air else None
        return next(filter(None, (self.runtime, *usual, last)), None)

    def people(self, job: str) -> tuple[str, ...]:
        return names(each for each in self.crew.crew if each.job == job) if self.crew else ()

    def imdb(self) -> str | None:
        given = (self.external_ids.imdb_id if self.external_ids else None, self.imdb_id)
        return next((each for each in given if each and _IMDB_ID.fullmatch(each)), None)


class _Results(Part):
    results: object = None


class _Hit(Part):
    id: Positive = None
    show_id: Positive = None  # of an episode


class _Found(Part):
    """What has an id of another catalogue, by what it is here."""

    movies: Parts[_Hit] = Field((), alias="movie_results")
    series: Parts[_Hit] = Field((), alias="tv_results")
    episodes: Parts[_Hit] = Field((), alias="tv_episode_results")

    def external_ids(self, kind: str) -> set[str]:
        if kind == "movie":
            return {f"movie:{hit.id}" for hit in self.movies if hit.id}
        if kind == EPISODE:
            return {f"tv:{hit.show_id}" for hit in self.episodes if hit.show_id}
        return {f"tv:{hit.id}" for hit in self.series if hit.id}


class Tmdb:
    """What it says of where a title can be seen is JustWatch's, who want to be named with it."""

    source: ClassVar[Source] = _SOURCE
    media_types: ClassVar[frozenset[MediaType]] = frozenset({MediaType.MOVIE, MediaType.TV})
    # Its terms of use allow no record to grow older than six months; who shows a work where changes
    # from week to week.
    terms: ClassVar[Terms | None] = Terms(timedelta(days=150), used=timedelta(days=7))

    def __init__(self, upstream: Upstream, token: str, regions: Sequence[str]) -> None:
        self._upstream = upstream
        self._regions = regions
        self._params = {"language": "en-US"}
        self._headers: dict[str, str] = {}
        if _V3_KEY.fullmatch(token):  # the older kind of key, which fits the query only
            self._params["api_key"] = token
        else:
            self._headers["Authorization"] = f"Bearer {token.removeprefix('Bearer ').strip()}"

    @classmethod
    def from_settings(cls, settings: ConnectorSettings, wiring: Wiring) -> "Tmdb":
        (token,) = required(_SOURCE, {_KEY: settings.tmdb_token})
        profile = Profile(
            source=_SOURCE, base_url=settings.tmdb_url, key_setting=_KEY, requests_per_second=20
        )
        return cls(wiring.upstream(profile), token, settings.availability_regions)

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        params = {"query": query, "page": "1", "include_adult": "false", **self._params}
        async with self._upstream.operation("search"):
            reply = await self._upstream.send(
                Call("search/multi", params=params, headers=self._headers)
            )
            found = read(_Results, {} if reply.is_missing else reply.document(), _SOURCE)
        hits = ((read(_Title, each, _SOURCE), each) for each in objects(found.results))
        return [
            _draft(hit, hit.media_type, orjson.dumps(each))
            for hit, each in hits
            if hit.media_type in _KINDS and hit.id and hit.label(hit.media_type)
        ][:limit]

    async def fetch(self, external_id: str) -> MediaDraft:
        kind, _, number = self.normalize_id(external_id).rpartition(":")
        async with self._upstream.operation("fetch"):
            for each in (kind,) if kind else tuple(_KINDS):
                draft = await self._fetch_kind(each, number)
                if draft is not None:
                    return draft
            raise NotAtSource(_SOURCE, external_id.strip())

    async def _fetch_kind(self, kind: str, number: str) -> MediaDraft | None:
        wanted = [*_WANTED, _WATCH] if self._regions else _WANTED
        params = {"append_to_response": ",".join(wanted), **self._params}
        reply = await self._upstream.send(
            Call(f"{kind}/{number}", params=params, headers=self._headers)
        )
        if reply.is_missing:
            return None
        title = read(_Title, reply.document(), _SOURCE)
        draft = _draft(title, kind, reply.body)
        if title.watch is None or not self._regions:
            return draft
        return self._with_availability(draft, title.watch)

    def _with_availability(self, draft: MediaDraft, watch: _Regions) -> MediaDraft:
        """Of a hundred countries, only those that people here want to know of are kept."""
        told = watch.of(self._regions)
        regions = ((name, read(_Region, each, _SOURCE)) for name, each in told.items())
        return replace(
            draft,
            availability=tuple(offer for name, region in regions for offer in region.offers(name)),
            metadata={**draft.metadata, "availability_source": "JustWatch"},
            raw_payload=orjson.dumps(orjson.loads(draft.raw_payload) | {_WATCH: {"results": told}}),
        )

    def parse_url(self, url: str) -> str | None:
        page = read_page_url(url)
        if page is None:
            return None
        segments = page.segments
        if page.host == "api.themoviedb.org":
            segments = segments[1:]  # the version of the API
        elif page.host not in {"themoviedb.org", "www.themoviedb.org"}:
            return None
        match segments:
            case (("movie" | "tv") as kind, slug, *_) if found := _PAGE.fullmatch(slug):
                return f"{kind}:{found[1]}"
        return None

    def normalize_id(self, external_id: str) -> str:
        """A bare number is a film's or, if there is none, a series'."""
        match = _EXTERNAL_ID.fullmatch(external_id.strip().lower())
        if match is None:
            raise UnusableIdentifier(_SOURCE, "it is movie:<number>, tv:<number> or a number")
        return f"{match[1]}:{match[2]}" if match[1] else match[2]

    @staticmethod
    def clues(work: Work) -> list[Clue]:
        clues = (_clue(kind, given) for kind, given in ids_of(work))
        return [clue for clue in clues if clue]

    async def resolve(self, clue: Clue, /) -> str | None:
        """Of an episode, the series; nothing when more than one work has the id."""
        params = {"external_source": f"{clue.name}_id", **self._params}
        async with self._upstream.operation("find"):
            reply = await self._upstream.send(
                Call(f"find/{clue.value}", params=params, headers=self._headers)
            )
            found = read(_Found, {} if reply.is_missing else reply.document(), _SOURCE)
        external_ids = found.external_ids(clue.kind)
        if not external_ids and found.episodes:
            raise IdOfEpisode(str(clue))
        return external_ids.pop() if len(external_ids) == 1 else None


def _clue(kind: str, given: ForeignId) -> Clue | None:
    """An episode's number at TMDB is none: nothing there finds the series by it."""
    number = _NUMBER.fullmatch(given.value)
    match kind, given.scheme:
        case ("movie", Scheme.TMDB_MOVIE) | ("tv", Scheme.TMDB_TV) if number:
            external_id = f"{kind}:{number[1]}"
            return Clue(kind, "tmdb", external_id, external_id)
        case "tv" | "episode", Scheme.TVDB if number:
            return Clue(kind, "tvdb", number[1])
        case _, Scheme.IMDB if _IMDB_ID.fullmatch(given.value):
            return Clue(kind, "imdb", given.value)
    return None


def _draft(title: _Title, kind: str, raw: bytes) -> MediaDraft:
    label = title.label(kind)
    if title.id is None:
        raise IncompleteItem(_SOURCE, "id")
    if label is None:
        raise IncompleteItem(_SOURCE, "title")
    poster = title.poster_path or ""
    directors = names(title.created_by) if kind == "tv" else title.people("Director")
    return MediaDraft(
        media_type=_KINDS[kind],
        source_name=_SOURCE,
        external_id=f"{kind}:{title.id}",
        title=label,
        subtitle=title.tagline,
        description=title.overview,
        release_date=title.first_air_date if kind == "tv" else title.release_date,
        cover_image_url=f"{_IMAGES}{poster}" if _IMAGE_PATH.fullmatch(poster) else None,
        canonical_url=f"https://www.themoviedb.org/{kind}/{title.id}",
        source_url=f"https://api.themoviedb.org/3/{kind}/{title.id}",
        metadata=_metadata(title),
        raw_payload=raw,
        extension=ScreenDraft(
            runtime_minutes=title.minutes(),
            directors=directors,
            producers=title.people("Producer"),
            tmdb_type=kind,
            imdb_id=title.imdb(),
        ),
        popularity=title.popularity,
    )


def _metadata(title: _Title) -> dict[str, Json]:
    languages = [present(each.model_dump()) for each in title.spoken_languages]
    return present(
        {
            "genres": list(names(title.genres)),
            "languages": [each for each in languages if each],
            "status": title.status,
            "original_title": title.original_title or title.original_name,
            "original_language": title.original_language,
            "imdb_id": title.imdb(),
            "tvdb_id": title.external_ids.tvdb_id if title.external_ids else None,
            "vote_average": title.vote_average,
            "vote_count": title.vote_count,
            "number_of_seasons": title.number_of_seasons,
            "number_of_episodes": title.number_of_episodes,
        }
    )
