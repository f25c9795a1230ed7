"""IGDB: games, looked up by number, or by the slug that a page address has."""

import asyncio
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

import orjson
from pydantic import Field

from ingest.clock import Clock
from ingest.connectors.clues import Clue, ids_of
from ingest.connectors.page_url import read_page_url
from ingest.connectors.protocol import ConnectorSettings, Wiring, required
from ingest.connectors.terms import Terms
from ingest.drafts import GameDraft, MediaDraft, MediaType, Source
from ingest.errors import (
    IncompleteItem,
    NotAtSource,
    RequestRejected,
    UnusableIdentifier,
    UpstreamGarbage,
    UpstreamRefused,
)
from ingest.fields import (
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
    UnixDay,
    Whole,
    names,
    objects,
    present,
    read,
    unique,
)
from ingest.upstream import Call, Profile, Upstream
from ingest.webhooks.happenings import Scheme, Work

_SOURCE = Source.IGDB
_ID_KEY = "INGEST_IGDB_CLIENT_ID"
_SECRET_KEY = "INGEST_IGDB_CLIENT_SECRET"  # noqa: S105 -- the setting's name
_NUMBER = re.compile(r"0*([1-9][0-9]{0,9})")
_SLUG = re.compile(r"(?:slug:)([a-z0-9][a-z0-9-]{0,199})")
_IMAGE_ID = re.compile(r"[a-z0-9_]+")
_IMAGE_IN_URL = re.compile(r"/([a-z0-9_]+)\.(?:jpe?g|png|webp)$")
_MOST_RESULTS = 500
_RENEW_BEFORE_SECONDS = 60.0
_USUAL_LIFETIME_SECONDS = 3600
_FIELDS = (
    "fields name,slug,url,summary,storyline,first_release_date,cover.image_id,cover.url,"
    "genres.name,platforms.name,involved_companies.company.name,involved_companies.developer,"
    "involved_companies.publisher,websites.url,total_rating,total_rating_count;"
)


class _Cover(Part):
    image_id: Text = None
    url: Text = None

    def address(self) -> str | None:
        image_id = self.image_id
        if image_id is None and (found := _IMAGE_IN_URL.search(self.url or "")):
            image_id = found[1]
        if image_id is None or not _IMAGE_ID.fullmatch(image_id):
            return None
        return f"https://images.igdb.com/igdb/image/upload/t_cover_big/{image_id}.jpg"


class _Involvement(Part):
    company: Maybe[Named] = None
    developer: object = None
    publisher: object = None


class _Website(Part):
    url: Https = None


class _Game(Part):
    id: Positive = None
    name: Line = None
    slug: Text = None
    url: Https = None
    summary: Prose = None
    storyline: Prose = None
    first_release_date: UnixDay = None
    cover: Maybe[_Cover] = None
    genres: Parts[Named] = ()
    platforms: Parts[Named] = ()
    involved: Parts[_Involvement] = Field((), alias="involved_companies")
    websites: Parts[_Website] = ()
    total_rating: Number = None
    total_rating_count: Whole = None

    def page(self) -> str | None:
        return self.url or (f"https://www.igdb.com/games/{self.slug}" if self.slug else None)

    def developers(self) -> tuple[str, ...]:
        return _companies(each for each in self.involved if each.developer is True)

    def publishers(self) -> tuple[str, ...]:
        return _companies(each for each in self.involved if each.publisher is True)


class _Token(Part):
    access_token: Text = None
    expires_in: Whole = None


class TwitchTokens:
    """The app token of the Twitch account; one caller at a time asks for a new one."""

    def __init__(
        self, upstream: Upstream, url: str, client_id: str, client_secret: str, clock: Clock
    ) -> None:
        self._upstream = upstream
        self._request = Call(
            url.strip(),
            method="POST",
            form={
                "client_id": client_id,
                "client_secret": client_secret,
                "grant_type": "client_credentials",
            },
        )
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._good_until = 0.0

    async def current(self, *, refused: str | None = None) -> str:
        """A token that should work, and is not the one that was just `refused`."""
        async with self._lock:
            fresh = self._clock.monotonic() < self._good_until
            if self._token is None or not fresh or self._token == refused:
                self._token = None
                self._token = await self._ask()
            return self._token

    async def _ask(self) -> str:
        try:
            reply = await self._upstream.send(self._request)
        except RequestRejected as error:  # Twitch answers 400 to a client id it does not know
            raise UpstreamRefused(_SOURCE, f"{_ID_KEY}, {_SECRET_KEY}", 400) from error
        token = read(_Token, reply.document(), _SOURCE)
        if token.access_token is None:
            raise UpstreamGarbage(_SOURCE, "no access token")
        lifetime = token.expires_in or _USUAL_LIFETIME_SECONDS
        self._good_until = self._clock.monotonic() + lifetime - _RENEW_BEFORE_SECONDS
        return token.access_token


class Igdb:
    source: ClassVar[Source] = _SOURCE
    media_types: ClassVar[frozenset[MediaType]] = frozenset({MediaType.GAME})
    terms: ClassVar[Terms | None] = None

    def __init__(self, upstream: Upstream, client_id: str, tokens: TwitchTokens) -> None:
        self._upstream = upstream
        self._client_id = client_id
        self._tokens = tokens

    @classmethod
    def from_settings(cls, settings: ConnectorSettings, wiring: Wiring) -> "Igdb":
        client_id, client_secret = required(
            _SOURCE,
            {_ID_KEY: settings.igdb_client_id, _SECRET_KEY: settings.igdb_client_secret},
        )
        profile = Profile(
            source=_SOURCE,
            base_url=settings.igdb_url,
            key_setting=f"{_ID_KEY}, {_SECRET_KEY}",
            requests_per_second=4,
            connections=8,  # IGDB refuses a ninth
        )
        upstream = wiring.upstream(profile)
        tokens = TwitchTokens(
            upstream, settings.igdb_token_url, client_id, client_secret, wiring.clock
        )
        return cls(upstream, client_id, tokens)

    async def search(self, query: str, limit: int) -> list[MediaDraft]:
        wanted = max(1, min(limit, _MOST_RESULTS))
        async with self._upstream.operation("search"):
            found = await self._games(
                f"search {_quoted(query)}; {_FIELDS} where version_parent = null; limit {wanted};"
            )
        games = ((read(_Game, each, _SOURCE), each) for each in found)
        return [_draft(game, orjson.dumps(each)) for game, each in games if game.id and game.name][
            :limit
        ]

    async def fetch(self, external_id: str) -> MediaDraft:
        game_id = self.normalize_id(external_id)
        slug = _SLUG.fullmatch(game_id)
        wanted = f"slug = {_quoted(slug[1])}" if slug else f"id = {game_id}"
        async with self._upstream.operation("fetch"):
            found = await self._games(f"{_FIELDS} where {wanted}; limit 1;")
            if not found:
                raise NotAtSource(_SOURCE, game_id)
            return _draft(read(_Game, found[0], _SOURCE), orjson.dumps(found[0]))

    async def _games(self, query: str) -> tuple[object, ...]:
        token = await self._tokens.current()
        try:
            return await self._ask(query, token)
        except UpstreamRefused as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED:
                raise
        return await self._ask(query, await self._tokens.current(refused=token))

    async def _ask(self, query: str, token: str) -> tuple[object, ...]:
        reply = await self._upstream.send(
            Call(
                "games",
                method="POST",
                headers={
                    "Client-ID": self._client_id,
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "text/plain; charset=utf-8",
                },
                content=query,
            )
        )
        if reply.is_missing:  # the address of the API is wrong: an unknown game is an empty list
            raise UpstreamGarbage(_SOURCE, f"status {reply.status} from games")
        document = reply.document()
        if not isinstance(document, list):
            raise UpstreamGarbage(_SOURCE, "not a list of games")
        return objects(document)

    def parse_url(self, url: str) -> str | None:
        page = read_page_url(url)
        if page is None or page.host not in {"igdb.com", "www.igdb.com"}:
            return None
        match page.segments:
            case ("games", slug, *_) if _SLUG.fullmatch(f"slug:{slug}"):
                return f"slug:{slug}"  # marked, because some games are called 1942
        return None

    def normalize_id(self, external_id: str) -> str:
        given = external_id.strip().lower()
        if number := _NUMBER.fullmatch(given):
            return number[1]
        if not _SLUG.fullmatch(given):
            raise UnusableIdentifier(_SOURCE, "it is a number, or slug:<slug of the page>")
        return given

    @staticmethod
    def clues(work: Work) -> list[Clue]:
        numbers = (
            (kind, _NUMBER.fullmatch(given.value))
            for kind, given in ids_of(work)
            if given.scheme is Scheme.IGDB
        )
        return [Clue(kind, "igdb", number[1], number[1]) for kind, number in numbers if number]

    async def resolve(self, _: Clue, /) -> str | None:
        """Nothing: its own numbers are all that finds a game for sure."""
        return None


def _quoted(words: str) -> str:
    """Words as a string of IGDB's query language, which they cannot leave."""
    printable = "".join(each if each.isprintable() else " " for each in words)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _companies(involved: Iterable[_Involvement]) -> tuple[str, ...]:
    return unique(each.company.name for each in involved if each.company)


def _draft(game: _Game, raw: bytes) -> MediaDraft:
    if game.id is None:
        raise IncompleteItem(_SOURCE, "id")
    if game.name is None:
        raise IncompleteItem(_SOURCE, "name")
    genres, platforms = names(game.genres), names(game.platforms)
    return MediaDraft(
        media_type=MediaType.GAME,
        source_name=_SOURCE,
        external_id=str(game.id),
        title=game.name,
        description=game.summary or game.storyline,
        release_date=game.first_release_date,
        cover_image_url=game.cover.address() if game.cover else None,
        canonical_url=game.page(),
        source_url=game.page(),
        metadata=present(
            {
                "genres": list(genres),
                "platforms": list(platforms),
                "slug": game.slug,
                "total_rating": game.total_rating,
                "total_rating_count": game.total_rating_count,
                "websites": list(unique(each.url for each in game.websites)),
            }
        ),
        raw_payload=raw,
        extension=GameDraft(
            platforms=platforms,
            developers=game.developers(),
            publishers=game.publishers(),
            genres=genres,
        ),
        popularity=game.total_rating_count,
    )
