"""What can go wrong with works."""

from collections.abc import Mapping
from itertools import islice
from uuid import UUID

from common.errors import DomainError, Kind

SHOWN_FAULTS = 10


class MediaItemNotFound(DomainError):
    kind = Kind.NOT_FOUND
    reason = "MEDIA_ITEM_NOT_FOUND"

    def __init__(self, media_item_id: UUID) -> None:
        super().__init__("Media item not found", media_item_id=media_item_id)


class MediaSourceNotFound(DomainError):
    """The same words: whoever asks by source means the item."""

    kind = Kind.NOT_FOUND
    reason = "MEDIA_ITEM_NOT_FOUND"

    def __init__(self, source_name: str, external_id: str) -> None:
        super().__init__(
            "Media item not found", source_name=source_name, external_id=external_id[:200]
        )


class WrongFields(DomainError):
    """`metadata` holds a sentence for each field that is wrong, the first of them."""

    kind = Kind.INVALID

    def __init__(self, faults: Mapping[str, str]) -> None:
        shown = dict(islice(faults.items(), SHOWN_FAULTS))
        words = "; ".join(f"{field} {fault}" for field, fault in shown.items())
        super().__init__(f"{words}.")
        self.metadata = shown


class InvalidMedia(WrongFields):
    reason = "INVALID_MEDIA"
