"""Where works can be had, on the wire."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from catalog.availability.errors import InvalidAvailability
from catalog.availability.offers import Entry, Offer, Status, Summary
from catalog.media import bounds
from catalog.models import LONGEST_FORMAT, LONGEST_PROVIDER, LONGEST_REGION, LONGEST_URL
from common.db import now
from common.requests import TooMany, parse_time
from common.timestamps import timestamp
from tastebuds.catalog.v1 import availability_pb2
from tastebuds.catalog.v1 import availability_service_pb2 as pb

# Of one request; of one source the rest is left to people.
MOST_PUT = 100
MOST_TOLD = 900

_STATUSES = {
    availability_pb2.AVAILABILITY_STATUS_UNSPECIFIED: Status.UNKNOWN,
    availability_pb2.AVAILABILITY_STATUS_AVAILABLE: Status.AVAILABLE,
    availability_pb2.AVAILABILITY_STATUS_UNAVAILABLE: Status.UNAVAILABLE,
    availability_pb2.AVAILABILITY_STATUS_UNKNOWN: Status.UNKNOWN,
}
_WIRE_STATUSES = {
    Status.AVAILABLE: availability_pb2.AVAILABILITY_STATUS_AVAILABLE,
    Status.UNAVAILABLE: availability_pb2.AVAILABILITY_STATUS_UNAVAILABLE,
    Status.UNKNOWN: availability_pb2.AVAILABILITY_STATUS_UNKNOWN,
}


def to_put(messages: Iterable[pb.NewAvailability]) -> list[Offer]:
    """What a person says; refused with a word for each field that is wrong."""
    asked = list(messages)
    if len(asked) > MOST_PUT:
        raise TooMany("entries", MOST_PUT)
    offers = [_to_offer(message) for message in asked]
    faults: dict[str, str] = {}
    places: dict[tuple[str, str, str], int] = {}
    for place, (message, offer) in enumerate(zip(asked, offers, strict=True)):
        faults |= {f"entries[{place}].{field}": rule for field, rule in _faults(message, offer)}
        first = places.setdefault(offer.key, place)
        if first != place:
            same = f"has the provider, region and format of entries[{first}]"
            faults[f"entries[{place}]"] = same
    if faults:
        raise InvalidAvailability(faults)
    return offers


def to_told(messages: Iterable[pb.NewAvailability]) -> tuple[Offer, ...]:
    """What a source says, made fit to store: nobody can correct a source."""
    offers = [
        offer
        for offer in map(_to_offer, messages)
        if offer.provider
        and len(offer.provider) <= LONGEST_PROVIDER
        and len(offer.region) <= LONGEST_REGION
        and len(offer.format) <= LONGEST_FORMAT
    ]
    return tuple({offer.key: offer for offer in offers}.values())[:MOST_TOLD]


def from_entry(entry: Entry, stale_before: datetime) -> availability_pb2.Availability:
    offer = entry.offer
    return availability_pb2.Availability(
        id=str(entry.id),
        media_item_id=str(entry.media_item_id),
        provider=offer.provider,
        region=offer.region,
        format=offer.format,
        status=_WIRE_STATUSES[offer.status],
        deeplink_url=offer.deeplink_url,
        last_checked_at=timestamp(offer.last_checked_at),
        created_at=timestamp(entry.created_at),
        updated_at=timestamp(entry.updated_at),
        source_name=entry.source_name,
        is_stale=offer.last_checked_at < stale_before,
    )


def from_summary(summary: Summary) -> availability_pb2.AvailabilitySummary:
    return availability_pb2.AvailabilitySummary(
        media_item_id=str(summary.media_item_id),
        providers=summary.providers,
        regions=summary.regions,
        formats=summary.formats,
        available_count=summary.counts.get(Status.AVAILABLE, 0),
        unavailable_count=summary.counts.get(Status.UNAVAILABLE, 0),
        unknown_count=summary.counts.get(Status.UNKNOWN, 0),
        last_checked_at=timestamp(summary.last_checked_at),
        stale_count=summary.stale_count,
    )


def _to_offer(message: pb.NewAvailability) -> Offer:
    """Not yet looked at for its lengths. A time that is yet to come is now."""
    url = bounds.readable(message.deeplink_url)
    return Offer(
        provider=bounds.line(message.provider) or "",
        region=bounds.line(message.region) or "",
        format=bounds.line(message.format) or "",
        status=_STATUSES.get(message.status, Status.UNKNOWN),
        deeplink_url=url if url and bounds.is_url(url) else None,
        last_checked_at=min(now(), parse_time(message, "last_checked_at") or now()),
    )


def _faults(message: pb.NewAvailability, offer: Offer) -> Iterator[tuple[str, str]]:
    if not 0 < len(offer.provider) <= LONGEST_PROVIDER:
        yield "provider", f"must have 1 to {LONGEST_PROVIDER} characters"
    if len(offer.region) > LONGEST_REGION:
        yield "region", f"must have at most {LONGEST_REGION} characters"
    if len(offer.format) > LONGEST_FORMAT:
        yield "format", f"must have at most {LONGEST_FORMAT} characters"
    if message.status not in _STATUSES:
        yield "status", f"must be one of {', '.join(Status)}"
    if message.deeplink_url and offer.deeplink_url is None:
        rule = f"must be an http or https address of at most {LONGEST_URL} characters"
        yield "deeplink_url", rule
