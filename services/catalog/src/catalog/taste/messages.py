"""Taste profiles on the wire."""

from collections.abc import Iterable, Iterator

from catalog.media.items import MediaType
from catalog.media.messages import from_media_type
from catalog.taste.profiles import Kept, Leaning, Tally
from common.timestamps import timestamp
from tastebuds.catalog.v1 import taste_service_pb2 as pb


def from_profile(kept: Kept) -> pb.TasteProfile:
    profile, counts = kept.profile, kept.profile.counts
    return pb.TasteProfile(
        id=str(kept.id),
        user_id=str(kept.user_id),
        generated_at=timestamp(kept.generated_at),
        menu_count=counts.menus,
        course_count=counts.courses,
        item_count=counts.items,
        favorite_count=counts.favorites,
        minutes_spent=counts.minutes_spent,
        media_type_counts=_types(counts.media_types),
        menu_media_type_counts=_types(counts.menu_media_types),
        top_tags=_names(counts.top_tags),
        log_counts=_names(counts.log_types),
        top_creators=_leanings(profile.creators),
        top_genres=_leanings(profile.genres),
        top_decades=_leanings(profile.decades),
        signal_media_count=sum(tally.count for tally in counts.media_types),
        signal_log_count=sum(tally.count for tally in counts.log_types),
        signal_state_count=counts.states,
        signal_tag_count=counts.tags,
    )


def _types(tallies: Iterable[Tally]) -> Iterator[pb.TypeTally]:
    for tally in tallies:
        media_type = from_media_type(MediaType(tally.name))
        yield pb.TypeTally(media_type=media_type, count=tally.count)


def _names(tallies: Iterable[Tally]) -> Iterator[pb.NameTally]:
    return (pb.NameTally(name=tally.name, count=tally.count) for tally in tallies)


def _leanings(leanings: Iterable[Leaning]) -> Iterator[pb.Leaning]:
    return (pb.Leaning(name=one.name, weight=one.weight, because=one.because) for one in leanings)
