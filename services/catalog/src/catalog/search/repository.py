"""The statements that search."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Double,
    Integer,
    Select,
    TableValuedAlias,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from catalog.availability.summaries import to_summary
from catalog.media import rows
from catalog.media.items import MediaType, SourceKey
from catalog.models import (
    AvailabilitySummary,
    Book,
    ItemSearch,
    LibraryEntry,
    MediaItem,
    MediaItemTag,
    MediaSource,
    Screen,
    Tag,
)
from catalog.search.hits import Found, Hit, MatchedBy, Suggestion
from catalog.search.marks import Mark, Wanted
from catalog.search.questions import Filters, ImdbId, Isbn, Name, Question, years_query
from common.db import Reader

# Of a library or of tags; whoever has more finds among the latest.
MOST_AMONG = 10_000
# Works of one name: editions that sources tell apart.
MOST_NAMED = 50
# Where a score is of which kind: see catalog.find_media.
_NAMES, _BEGINNINGS, _SPELLINGS, _TEXTS = 300, 200, 150, 100

_user_id = bindparam("user_id", type_=Uuid)
# In the order of a Hit.
_HIT_COLUMNS: tuple[Any, ...] = (
    *rows.SHOWN_COLUMNS,
    exists()
    .where(LibraryEntry.user_id == _user_id, LibraryEntry.media_item_id == MediaItem.id)
    .label("in_library"),
    cast(AvailabilitySummary.summary, Text),
)


def _among(*, in_library: bool, tagged: bool) -> ColumnElement[Any]:
    """The works that may be found at all, as an array; null for all of them."""
    if tagged:
        name = func.lower(Tag.name)
        ids = (
            select(MediaItemTag.media_item_id)
            .join(Tag, Tag.id == MediaItemTag.tag_id)
            .where(
                name == any_(bindparam("tags", type_=ARRAY(Text))),
                or_(Tag.owner_id.is_(None), Tag.owner_id == _user_id),
            )
            .group_by(MediaItemTag.media_item_id)
            .having(func.count(name.distinct()) == func.cardinality(bindparam("tags")))
            .order_by(MediaItemTag.media_item_id.desc())
        )
        if in_library:
            theirs = select(LibraryEntry.media_item_id).where(LibraryEntry.user_id == _user_id)
            ids = ids.where(MediaItemTag.media_item_id.in_(theirs))
    elif in_library:
        ids = (
            select(LibraryEntry.media_item_id)
            .where(LibraryEntry.user_id == _user_id)
            .order_by(LibraryEntry.last_activity_at.desc())
        )
    else:
        return cast(null(), ARRAY(Uuid))
    return func.array(ids.limit(MOST_AMONG).scalar_subquery(), type_=ARRAY(Uuid))


def _find_media(among: ColumnElement[Any]) -> TableValuedAlias:
    return (
        func.catalog.find_media(
            bindparam("words", type_=Text),
            bindparam("tokens", type_=ARRAY(Text)),
            bindparam("title", type_=Text),
            bindparam("short", type_=Text),
            bindparam("media_types", type_=ARRAY(Text)),
            bindparam("years", type_=Text),
            bindparam("creators", type_=Text),
            among,
            bindparam("mark", type_=Double),
            bindparam("mark_id", type_=Uuid),
            bindparam("skip", type_=Integer),
            bindparam("take", type_=Integer),
            bindparam("counting", type_=Boolean),
        )
        .table_valued(
            column("ids", ARRAY(Uuid)),
            column("scores", ARRAY(Double)),
            column("best", Double),
            column("total", Integer),
            column("counts", ARRAY(Integer)),
            column("is_estimate", Boolean),
            name="found",
        )
        .alias("found")
    )


def _find(among: ColumnElement[Any]) -> Select[Any]:
    found = _find_media(among)
    hits = (
        func.unnest(found.c.ids, found.c.scores)
        .table_valued(
            column("id", Uuid), column("score", Double), with_ordinality="place", name="hits"
        )
        .render_derived()
        .lateral()
    )
    # Joined from the left: a page past the end still has its total.
    return (
        select(
            found.c.total,
            found.c.counts,
            found.c.is_estimate,
            found.c.best,
            hits.c.score,
            *_HIT_COLUMNS,
        )
        .select_from(found)
        .outerjoin(hits, true())
        .outerjoin(MediaItem, MediaItem.id == hits.c.id)
        .outerjoin(AvailabilitySummary, AvailabilitySummary.media_item_id == MediaItem.id)
        .order_by(hits.c.place)
    )


def _named(among: ColumnElement[Any]) -> Select[Any]:
    named = (
        select(Book.media_item_id).where(Book.isbn_13 == bindparam("isbn_13", type_=Text)),
        select(Book.media_item_id).where(Book.isbn_10 == bindparam("isbn_10", type_=Text)),
        select(Screen.media_item_id).where(Screen.imdb_id == bindparam("imdb_id", type_=Text)),
        select(MediaSource.media_item_id).where(
            MediaSource.source_name == bindparam("source_name", type_=Text),
            MediaSource.external_id == bindparam("external_id", type_=Text),
        ),
    )
    filters = func.catalog.search_filter_of(
        bindparam("years", type_=Text),
        bindparam("creators", type_=Text),
        cast(null(), ARRAY(Text)),
        among,
    )
    return (
        select(*_HIT_COLUMNS)
        .join_from(MediaItem, ItemSearch)
        .outerjoin(AvailabilitySummary, AvailabilitySummary.media_item_id == MediaItem.id)
        .where(
            # One list: of several the planner would try each with every work.
            MediaItem.id.in_(union_all(*named)),
            func.catalog.search_allows(literal_column("item_search"), filters),
        )
        .order_by(ItemSearch.popularity.desc())
        .limit(MOST_NAMED)
    )


# Built once, by (in_library, tagged): to build a statement costs more than to run it.
_NARROWED = [(in_library, tagged) for in_library in (False, True) for tagged in (False, True)]
_FIND = {by: _find(_among(in_library=by[0], tagged=by[1])) for by in _NARROWED}
_NAMED = {by: _named(_among(in_library=by[0], tagged=by[1])) for by in _NARROWED}
_suggested = (
    func.unnest(
        func.catalog.suggest_media(
            bindparam("tokens", type_=ARRAY(Text)),
            bindparam("short", type_=Text),
            bindparam("media_types", type_=ARRAY(Text)),
            bindparam("take", type_=Integer),
        )
    )
    .table_valued(column("id", Uuid), with_ordinality="place", name="suggested")
    .render_derived()
)
# In the order of a Suggestion.
_SUGGEST = (
    select(
        MediaItem.id,
        MediaItem.media_type,
        MediaItem.title,
        MediaItem.creators,
        MediaItem.release_date,
        MediaItem.cover_image_url,
    )
    .join_from(_suggested, MediaItem, MediaItem.id == _suggested.c.id)
    .order_by(_suggested.c.place)
)


async def find(
    session: Reader,
    question: Question,
    filters: Filters,
    wanted: Wanted,
    *,
    counting: bool,
    stale_before: datetime,
) -> Found:
    """One statement. The search itself is catalog.find_media, a function."""
    found = await session.execute(
        _FIND[filters.in_library, bool(filters.tags)],
        _filter_values(filters)
        | {
            "words": question.words,
            "tokens": None if question.tokens is None else list(question.tokens),
            "title": question.title,
            "short": question.short,
            "media_types": list(filters.media_types) or None,
            "mark": wanted.after and wanted.after.score,
            "mark_id": wanted.after and wanted.after.id,
            "skip": wanted.skip,
            # One more tells whether more follow.
            "take": wanted.take + 1 if wanted.take else 0,
            "counting": counting,
        },
    )
    places = found.all()
    total, counts, is_estimate, best = places[0][:4]
    # One place without a hit is all there is of a page past the end.
    shown = [] if places[0].id is None else places[: wanted.take]
    more_follow = len(places) > wanted.take > 0
    return Found(
        hits=[_to_hit(place[5:], stale_before) for place in shown],
        last=Mark(shown[-1].score, shown[-1].id) if more_follow else None,
        total=total,
        counts=None if counts is None else dict(zip(MediaType, counts, strict=True)),
        is_estimate=is_estimate,
        matched_by=_matched_by(best),
    )


async def find_named(
    session: Reader, name: Name, filters: Filters, *, stale_before: datetime
) -> list[Hit]:
    """Of all types; the best known first."""
    found = await session.execute(
        _NAMED[filters.in_library, bool(filters.tags)],
        _filter_values(filters)
        | {
            "isbn_13": name.isbn_13 if isinstance(name, Isbn) else None,
            "isbn_10": name.isbn_10 if isinstance(name, Isbn) else None,
            "imdb_id": name.value if isinstance(name, ImdbId) else None,
            "source_name": name.source_name if isinstance(name, SourceKey) else None,
            "external_id": name.external_id if isinstance(name, SourceKey) else None,
        },
    )
    return [_to_hit(row, stale_before) for row in found]


async def suggest(
    session: Reader,
    *,
    tokens: Sequence[str],
    short: str,
    media_types: Sequence[MediaType],
    take: int,
) -> list[Suggestion]:
    found = await session.execute(
        _SUGGEST,
        {
            "tokens": list(tokens),
            "short": short,
            "media_types": list(media_types) or None,
            "take": take,
        },
    )
    return [Suggestion._make(row) for row in found]


def _filter_values(filters: Filters) -> dict[str, object]:
    return {
        "years": years_query(filters.year_from, filters.year_to),
        "creators": filters.creator,
        "user_id": filters.user_id,
        "tags": list(filters.tags),
    }


def _to_hit(columns: Sequence[Any], stale_before: datetime) -> Hit:
    *shown, stored = columns
    return Hit._make((*shown, stored and to_summary(shown[0], stored, stale_before)))


def _matched_by(best: float | None) -> MatchedBy | None:
    """What the scores of catalog.find_media tell."""
    if best is None:
        return None
    if best < _TEXTS or _SPELLINGS <= best < _BEGINNINGS:
        return MatchedBy.CORRECTION
    return MatchedBy.PREFIX if _BEGINNINGS <= best < _NAMES else MatchedBy.WORDS
