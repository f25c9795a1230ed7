"""What a work becomes by absorbing another, and by giving it up again: pure rules."""

from dataclasses import replace
from datetime import datetime

from catalog.media import provenance
from catalog.media.changes import revised
from catalog.media.items import SourcedItem
from catalog.media.provenance import Said


def joined(survivor: SourcedItem, absorbed: SourcedItem, at: datetime) -> SourcedItem:
    """The survivor with the other's sources, which fill what is empty, and with its overrides."""
    own = provenance.of_each(provenance.said(survivor), survivor.sources)
    others = provenance.of_each(provenance.said(absorbed), absorbed.sources)
    after = provenance.filled(own, others)
    taken = {one.field for one in survivor.overrides}
    overrides = [one for one in absorbed.overrides if one.field not in taken]
    sources = sorted((*survivor.sources, *absorbed.sources), key=lambda source: source.id)
    work = replace(survivor, sources=tuple(sources), overrides=(*survivor.overrides, *overrides))
    popularity = max(survivor.item.popularity, absorbed.item.popularity)
    return _newer(revised(work, after, popularity, at), survivor, at)


def parted(before: SourcedItem, left: SourcedItem, popularity: float, at: datetime) -> SourcedItem:
    """The survivor without what the sources said that it has no longer; `left` is what it has."""
    own = provenance.of_each(provenance.said(before), before.sources)
    gone = {source.id for source in before.sources} - {source.id for source in left.sources}
    return revised(left, provenance.without(own, gone), popularity, at)


def uncovered(absorbed: SourcedItem) -> SourcedItem:
    """The absorbed work as its sources say, since its overrides go on with the survivor."""
    facts = provenance.said(absorbed).facts
    return replace(absorbed, item=replace(absorbed.item, facts=facts), overrides=())


def restored(absorbed: SourcedItem, at: datetime) -> SourcedItem:
    """The opposite: as it was left, under the overrides that have come back."""
    after = Said(absorbed.item.facts, absorbed.field_sources)
    return _newer(revised(absorbed, after, absorbed.item.popularity, at), absorbed, at)


def _newer(after: SourcedItem, before: SourcedItem, at: datetime) -> SourcedItem:
    """Even if it looks the same: those who hold it are told."""
    if after.item.version > before.item.version:
        return after
    return replace(after, item=replace(after.item, version=before.item.version + 1, updated_at=at))
