"""What a person seems to like, and why it seems so."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from gateway.schemas.fields import Schema
from gateway.schemas.media import FROM_WIRE
from gateway.schemas.wire import moment
from tastebuds.catalog.v1 import taste_service_pb2 as pb

Counts = Annotated[dict[str, int], Field(examples=[{"movie": 12, "book": 3}])]


class TasteSummary(Schema):
    menus: int
    courses: int
    items: int
    """Places in your menus."""
    favorites: int
    minutes_spent: int


class TagCount(Schema):
    name: Annotated[str, Field(examples=["rainy day"])]
    count: int


class Leaning(Schema):
    name: Annotated[str, Field(examples=["Ana Maré"])]
    weight: float
    """Larger is more; compares only within its list."""
    because: Annotated[str, Field(examples=["4 finished, 2 favourites, in 3 menus"])]

    @classmethod
    def of(cls, leaning: pb.Leaning) -> Self:
        return cls(name=leaning.name, weight=leaning.weight, because=leaning.because)


class Signals(Schema):
    """How much the profile was made of."""

    media_items: int
    logs: int
    states: int
    tags: int


class Taste(Schema):
    summary: TasteSummary
    media_type_counts: Counts
    """Of the distinct works in your states, logs and menus."""
    menu_media_type_counts: Counts
    """Of the places in your menus."""
    top_tags: list[TagCount]
    """Most used first, at most 10."""
    log_counts: Annotated[dict[str, int], Field(examples=[{"finished": 9}])]
    """By type."""
    top_creators: list[Leaning]
    """Most liked first, at most 10."""
    top_genres: list[Leaning]
    """Most liked first, at most 10."""
    top_decades: list[Leaning]
    """Of release, most liked first, at most 5."""
    signals: Signals

    @classmethod
    def of(cls, profile: pb.TasteProfile) -> Self:
        return cls(
            summary=TasteSummary(
                menus=profile.menu_count,
                courses=profile.course_count,
                items=profile.item_count,
                favorites=profile.favorite_count,
                minutes_spent=profile.minutes_spent,
            ),
            media_type_counts=_by_type(profile.media_type_counts),
            menu_media_type_counts=_by_type(profile.menu_media_type_counts),
            top_tags=[TagCount(name=one.name, count=one.count) for one in profile.top_tags],
            log_counts={one.name: one.count for one in profile.log_counts},
            top_creators=[Leaning.of(one) for one in profile.top_creators],
            top_genres=[Leaning.of(one) for one in profile.top_genres],
            top_decades=[Leaning.of(one) for one in profile.top_decades],
            signals=Signals(
                media_items=profile.signal_media_count,
                logs=profile.signal_log_count,
                states=profile.signal_state_count,
                tags=profile.signal_tag_count,
            ),
        )


class TasteProfile(Schema):
    id: str
    user_id: str
    generated_at: datetime
    profile: Taste

    @classmethod
    def of(cls, profile: pb.TasteProfile) -> Self:
        return cls(
            id=profile.id,
            user_id=profile.user_id,
            generated_at=moment(profile.generated_at),
            profile=Taste.of(profile),
        )


class Recomputation(Schema):
    force: Annotated[bool, Field(examples=[True])] = True
    """However young the profile is."""


def _by_type(tallies: Iterable[pb.TypeTally]) -> dict[str, int]:
    return {FROM_WIRE[one.media_type]: one.count for one in tallies}
