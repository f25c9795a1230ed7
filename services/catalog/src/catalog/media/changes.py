"""What a draft changes in the catalogue: decided here, without any statement."""

import math
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from catalog.media.items import Draft, Facts, Item, Source, SourcedItem
from common.db import new_id

# A work's popularity is rewritten, with all its index entries, only when it moved by a twentieth.
NOTICEABLE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`is_news` tells others; `rewrites_item` may be for the popularity alone."""

    draft: Draft
    stored: SourcedItem
    source: Source
    created: bool
    is_news: bool
    rewrites_item: bool
    changes_kind: bool = False


def addition(draft: Draft, at: datetime) -> Change:
    item = Item(
        id=new_id(),
        facts=draft.facts,
        popularity=scaled(draft.popularity),
        version=1,
        created_at=at,
        updated_at=at,
    )
    source = Source(id=new_id(), key=draft.key, canonical_url=draft.source_url, fetched_at=at)
    return Change(
        draft=draft,
        stored=SourcedItem(item, (source,)),
        source=source,
        created=True,
        is_news=True,
        rewrites_item=True,
    )


def renewal(draft: Draft, known: SourcedItem, at: datetime) -> Change:
    """What a later answer of a source says of a known work: the source is believed."""
    old = known.item
    is_news = not say_the_same(draft.facts, old.facts)
    popularity = old.popularity if draft.popularity is None else scaled(draft.popularity)
    item = replace(old, popularity=popularity)
    if is_news:
        item = replace(item, facts=draft.facts, version=old.version + 1, updated_at=at)
    before = next(source for source in known.sources if source.key == draft.key)
    source = replace(before, canonical_url=draft.source_url, fetched_at=at)
    sources = tuple(source if one is before else one for one in known.sources)
    moved = abs(popularity - old.popularity) > NOTICEABLE * max(popularity, old.popularity)
    return Change(
        draft=draft,
        stored=SourcedItem(item, sources),
        source=source,
        created=False,
        is_news=is_news,
        rewrites_item=is_news or moved,
        changes_kind=type(draft.facts.extension) is not type(old.facts.extension),
    )


def say_the_same(one: Facts, other: Facts) -> bool:
    """Postgres writes JSON its own way, so metadata are compared by meaning."""
    if replace(one, metadata_json=None) != replace(other, metadata_json=None):
        return False
    ours, theirs = (orjson.loads(facts.metadata_json or "null") for facts in (one, other))
    return bool(ours == theirs)


def scaled(popularity: float | None) -> float:
    """A source's own count on a scale where one can stand beside another's: ln(1 + count)."""
    return math.log1p(popularity or 0.0)
