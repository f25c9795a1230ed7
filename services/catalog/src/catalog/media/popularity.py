"""How well known works are, on one scale for all sources: 0 to about 10 for the best known ones of
a source. Each counts something else; as few works have most of it, the number of digits tells them
apart."""

import math

from catalog.media.items import Draft

# What the best known works have: TMDB's own measure of a day's interest, ratings at Google Books
# and IGDB, listeners at Last.fm, readers' lists at Open Library.
_BEST_KNOWN = {
    "tmdb": 300,
    "google_books": 10_000,
    "igdb": 5_000,
    "lastfm": 4_000_000,
    "open_library": 40_000,
}
_USUAL_BEST_KNOWN = 22_000
_TOP = 10.0
# A source that is wrong about one work does not put it above all others for ever.
_LIMIT = 15.0


def popularity_of(draft: Draft) -> float:
    return scaled(draft.key.source_name, draft.popularity or 0.0)


def scaled(source_name: str, popularity: float) -> float:
    """`popularity` is in the source's own measure."""
    best_known = _BEST_KNOWN.get(source_name, _USUAL_BEST_KNOWN)
    return min(_LIMIT, _TOP * math.log1p(popularity) / math.log1p(best_known))
