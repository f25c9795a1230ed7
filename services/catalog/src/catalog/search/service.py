"""What search does with a question."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.media.items import MediaType
from catalog.search import marks, questions, repository
from catalog.search.errors import EmptyQuery
from catalog.search.estimates import Estimates
from catalog.search.hits import Found, Hit, MatchedBy, Results, Suggestion
from catalog.search.marks import Wanted
from catalog.search.questions import Filters, Isbn
from common import pages
from common.db import Reader
from common.pages import InvalidPage

USUAL_PAGE = 20
LARGEST_PAGE = 50
# Whoever counts pages gets no further; cursors have no end.
DEEPEST = 10_000
MOST_SUGGESTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it came; a page token wins over the offset."""

    query: str
    filters: Filters
    page_size: int
    offset: int
    page_token: str


async def search(
    session: Reader, asked: Asked, estimates: Estimates, *, stale_before: datetime
) -> Results:
    """One statement; two for what looks like an id and is none."""
    query = questions.clean(asked.query)
    if query is None:
        raise EmptyQuery
    take = pages.page_size(asked.page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE)
    skip = pages.offset(asked.offset)
    name = questions.read_name(query)
    if name is not None:
        hits = await repository.find_named(session, name, asked.filters, stale_before=stale_before)
        if hits:
            by = MatchedBy.ISBN if isinstance(name, Isbn) else MatchedBy.EXTERNAL_ID
            return _of_name(hits, asked.filters, by, slice(skip, skip + take))
    question = questions.read_question(query)
    digest = marks.digest(question, asked.filters)
    after = marks.read(digest, asked.page_token)
    known = estimates.get(digest)
    found = await repository.find(
        session,
        question,
        asked.filters,
        Wanted(after, min(skip, DEEPEST), take if after or skip < DEEPEST else 0),
        counting=known is None,
        stale_before=stale_before,
    )
    if found.is_estimate and found.counts is not None:
        estimates.put(digest, found.counts)
    counts = found.counts if known is None else known
    return _results(replace(found, counts=counts), asked.filters, digest)


def _results(found: Found, filters: Filters, digest: bytes) -> Results:
    counts = dict(found.counts or {})
    asked_for = filters.media_types or tuple(MediaType)
    if found.total is not None and len(asked_for) == 1:
        counts[asked_for[0]] = found.total
    total = sum(counts.get(one, 0) for one in asked_for) if found.total is None else found.total
    return Results(
        hits=found.hits,
        total=total,
        counts={one: count for one, count in counts.items() if count},
        is_estimate=found.is_estimate,
        next_page_token=marks.write(digest, found.last),
        matched_by=found.matched_by,
    )


def _of_name(hits: Sequence[Hit], filters: Filters, by: MatchedBy, page: slice) -> Results:
    of_types = filters.media_types or tuple(MediaType)
    asked_for = [hit for hit in hits if hit.media_type in of_types]
    return Results(
        hits=asked_for[page],
        total=len(asked_for),
        counts=Counter(MediaType(hit.media_type) for hit in hits),
        is_estimate=False,
        next_page_token="",
        matched_by=by if asked_for else None,
    )


async def suggest(
    session: Reader, *, typed: str, media_types: Sequence[MediaType], limit: int
) -> list[Suggestion]:
    """One statement; nothing for what has no letters."""
    if not 0 <= limit <= MOST_SUGGESTIONS:
        raise InvalidPage("limit", f"between 1 and {MOST_SUGGESTIONS}")
    beginning = questions.read_beginning(typed)
    if beginning is None:
        return []
    tokens, short = beginning
    return await repository.suggest(
        session,
        tokens=tokens,
        short=short,
        media_types=media_types,
        take=limit or MOST_SUGGESTIONS,
    )
