"""Ids as senders write them: normalised, or absent when they are not ids (0, "", "test")."""

import re
from collections.abc import Mapping
from uuid import UUID

from ingest.fields import text
from ingest.webhooks.happenings import ForeignId, Scheme

# Whose id is meant by a name, which differs by what it is an id of: the numbers of an episode,
# a series and a film mean different things. Names are compared without case.
FILM = {"tmdb": Scheme.TMDB_MOVIE, "imdb": Scheme.IMDB}
SERIES = {"tmdb": Scheme.TMDB_TV, "tvdb": Scheme.TVDB, "imdb": Scheme.IMDB}
EPISODE = {"tvdb": Scheme.TVDB, "imdb": Scheme.IMDB, "tmdb": Scheme.TMDB_EPISODE}
# Jellyfin's MusicBrainzTrack is the id of a track on a release, not of the recording.
TRACK = {"musicbrainzrecording": Scheme.MBID_RECORDING, "mbid": Scheme.MBID_RECORDING}
ALBUM = {"musicbrainzreleasegroup": Scheme.MBID_RELEASE_GROUP}
BOOK = {"isbn": Scheme.ISBN, "googlebooks": Scheme.GOOGLE_BOOKS}

_NUMBER = re.compile(r"0*([1-9][0-9]{0,9})")
_IMDB = re.compile(r"(tt[0-9]{5,12})")
_ISBN = re.compile(r"((?:97[89])?[0-9]{9}[0-9x])")
_VOLUME = re.compile(r"([A-Za-z0-9_-]{8,64})")
_TRACK = re.compile(r"(.{1,200}::.{1,200})")
_SHAPES = {
    Scheme.TMDB_MOVIE: _NUMBER,
    Scheme.TMDB_TV: _NUMBER,
    Scheme.TMDB_EPISODE: _NUMBER,
    Scheme.TVDB: _NUMBER,
    Scheme.IGDB: _NUMBER,
    Scheme.IMDB: _IMDB,
    Scheme.ISBN: _ISBN,
    Scheme.GOOGLE_BOOKS: _VOLUME,
}


def foreign_ids(
    schemes: Mapping[str, Scheme], given: Mapping[str, object]
) -> tuple[ForeignId, ...]:
    """Those of `given` that `schemes` names, in the order of the latter."""
    values = {name.casefold(): value for name, value in given.items()}
    found = ((scheme, normalized(scheme, values.get(name))) for name, scheme in schemes.items())
    return tuple(dict.fromkeys(ForeignId(scheme, value) for scheme, value in found if value))


def normalized(scheme: Scheme, value: object) -> str | None:
    words = text(value) or ""
    if scheme is Scheme.LASTFM:
        return words if _TRACK.fullmatch(words) else _uuid(words)
    if scheme not in _SHAPES:
        return _uuid(words)
    if scheme is Scheme.ISBN:
        words = re.sub(r"[ -]", "", words)
    if scheme is not Scheme.GOOGLE_BOOKS:
        words = words.casefold()
    match = _SHAPES[scheme].fullmatch(words)
    return match[1] if match else None


def _uuid(words: str) -> str | None:
    try:
        found = UUID(words)
    except ValueError:
        return None
    return str(found) if found.int else None
