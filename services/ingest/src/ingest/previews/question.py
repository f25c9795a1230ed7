"""What a person asks sources outside."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from ingest.connectors.protocol import Connector
from ingest.drafts import MediaType, Source
from ingest.previews.errors import EmptyQuery, HitsOutOfRange, QueryTooLong

LONGEST_QUERY = 256
MOST_HITS = 5
# Of a source that also has works of other types, so that some of the wanted ones are among them.
SEARCHED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`sources` in the order of the answer; no `media_types` means all; `hits` of each source."""

    user_id: UUID
    text: str
    sources: Sequence[Source]
    media_types: Collection[MediaType]
    hits: int

    @property
    def fingerprint(self) -> bytes:
        """The same for whatever asks one source for the same."""
        types = " ".join(sorted(self.media_types))
        asked = f"{self.hits}\n{types}\n{fold(self.text)}"
        return blake2b(asked.encode(), digest_size=16).digest()

    def wants(self, media_type: MediaType) -> bool:
        return not self.media_types or media_type in self.media_types

    def searched(self, connector: Connector) -> int:
        """How many hits to look through."""
        return self.hits if all(map(self.wants, connector.media_types)) else SEARCHED


def check_query(text: str) -> str:
    """Without needless white space. Raises EmptyQuery, QueryTooLong."""
    if len(text) > LONGEST_QUERY:
        raise QueryTooLong(LONGEST_QUERY)
    readable = "".join(each for each in text if each.isspace() or each.isprintable())
    words = " ".join(readable.split())
    if not words:
        raise EmptyQuery
    return words


def check_hits(wanted: int) -> int:
    """0 means 1. Raises HitsOutOfRange."""
    if not 0 <= wanted <= MOST_HITS:
        raise HitsOutOfRange(MOST_HITS)
    return wanted or 1


def fold(text: str) -> str:
    """The same for the same words, however they are written: letters' case, width, spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
