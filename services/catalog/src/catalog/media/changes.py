"""What a draft changes in the catalogue: decided here, without any statement."""

from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from catalog.media import provenance
from catalog.media.items import Draft, Facts, Item, Source, SourcedItem
from catalog.media.popularity import popularity_of
from catalog.media.provenance import Said
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
    # Whether what everybody's overrides stand for has changed.
    replaces: bool = False


def addition(draft: Draft, at: datetime) -> Change:
    item = Item(
        id=new_id(),
        facts=draft.facts,
        popularity=popularity_of(draft),
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


def attachment(draft: Draft, known: SourcedItem, at: datetime) -> Change:
    """What a source new to a known work says of it: it fills what is empty."""
    source = Source(id=new_id(), key=draft.key, canonical_url=draft.source_url, fetched_at=at)
    popularity = max(known.item.popularity, popularity_of(draft))
    before = provenance.of_each(provenance.said(known), known.sources)
    after = provenance.renewed(before, source.id, draft.facts)
    stored = replace(known, sources=(*known.sources, source))
    return _change(draft, known, revised(stored, after, popularity, at), source)


def renewal(draft: Draft, known: SourcedItem, at: datetime) -> Change:
    """What a later answer of a source says of a known work: the source is believed."""
    before = next(source for source in known.sources if source.key == draft.key)
    source = replace(before, canonical_url=draft.source_url, fetched_at=at)
    sources = tuple(source if one is before else one for one in known.sources)
    old = known.item.popularity
    popularity = old if draft.popularity is None else popularity_of(draft)
    if len(sources) > 1:
        popularity = max(old, popularity)  # another source may know more people who know it
        said = provenance.of_each(provenance.said(known), known.sources)
        after = provenance.renewed(said, source.id, draft.facts)
    else:
        after = Said(draft.facts, None)
    stored = replace(known, sources=sources)
    return _change(draft, known, revised(stored, after, popularity, at), source)


def revised(before: SourcedItem, after: Said, popularity: float, at: datetime) -> SourcedItem:
    """The work as its sources say now, under everybody's overrides; newer when it looks new."""
    overrides = tuple(
        one
        if one.user_id is not None
        else replace(one, replaced=provenance.text_of(after.facts, one.field))
        for one in before.overrides
    )
    everybodys = {one.field: one.value for one in overrides if one.user_id is None}
    facts = provenance.with_values(after.facts, everybodys)
    item = replace(before.item, popularity=popularity)
    if not say_the_same(facts, item.facts):
        item = replace(item, facts=facts, version=item.version + 1, updated_at=at)
    return SourcedItem(item, before.sources, after.field_sources, overrides)


def _change(draft: Draft, before: SourcedItem, after: SourcedItem, source: Source) -> Change:
    old, new = before.item, after.item
    is_news = new.version > old.version
    moved = abs(new.popularity - old.popularity) > NOTICEABLE * max(new.popularity, old.popularity)
    return Change(
        draft=draft,
        stored=after,
        source=source,
        created=False,
        is_news=is_news,
        rewrites_item=is_news or moved or after.field_sources != before.field_sources,
        changes_kind=type(new.facts.extension) is not type(old.facts.extension),
        replaces=after.overrides != before.overrides,
    )


def say_the_same(one: Facts, other: Facts) -> bool:
    """Postgres writes JSON its own way, so metadata are compared by meaning."""
    if replace(one, metadata_json=None) != replace(other, metadata_json=None):
        return False
    ours, theirs = (orjson.loads(facts.metadata_json or "null") for facts in (one, other))
    return bool(ours == theirs)
