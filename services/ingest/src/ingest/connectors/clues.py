"""By what a source can find a work that others talk about."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.webhooks.happenings import ForeignId, Work

EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Clue:
    """An id of a work, or its names.

    `kind` is the media type, or EPISODE: a series and an episode may have the same number.
    `external_id` is there when the value is an id of the source itself; else it has to be asked.
    """

    kind: str
    name: str
    value: str
    external_id: str | None = None

    @property
    def scheme(self) -> str:
        """With `value`, what a work that was found is remembered by."""
        return f"{self.kind}.{self.name}"

    def __str__(self) -> str:
        owner = "the episode's " if self.kind == EPISODE else ""
        return f"{owner}{self.name} {self.value}"


def ids_of(work: Work) -> Iterator[tuple[str, ForeignId]]:
    """Every id with the kind of thing it is the id of, the work's own first."""
    for each in work.ids:
        yield work.media_type, each
    for each in work.episode.ids if work.episode else ():
        yield EPISODE, each
