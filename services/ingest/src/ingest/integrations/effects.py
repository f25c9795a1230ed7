"""What a matched event does, as its person chose it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypedDict
from uuid import UUID

from ingest.drafts import Json


class EffectsChange(TypedDict, total=False):
    """What is missing stays as it is."""

    ingest: bool
    library: bool
    tags: tuple[str, ...]
    menu_id: UUID | None
    course_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """`ingest` brings the work into the catalogue, which the others imply.

    `library` sets its state there, `tags` are names of the person's own. With `menu_id` the work is
    appended to that menu's course `course_id`, or to its last one.
    """

    ingest: bool = True
    library: bool = True
    tags: tuple[str, ...] = ()
    menu_id: UUID | None = None
    course_id: UUID | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        """Of `integrations.effects`; what is missing is off, as is what nobody knows."""
        tags = value.get("tags")
        return cls(
            ingest=bool(value.get("ingest")),
            library=bool(value.get("library")),
            tags=tuple(map(str, tags)) if isinstance(tags, Sequence) else (),
            menu_id=_id(value.get("menu_id")),
            course_id=_id(value.get("course_id")),
        )

    def changed(self, change: EffectsChange) -> Self:
        """With another menu, a course that the change does not name is its last one."""
        if change.get("menu_id", self.menu_id) != self.menu_id:
            change = {"course_id": None, **change}
        return replace(self, **change)

    def to_json(self) -> dict[str, Json]:
        return {
            "ingest": self.ingest,
            "library": self.library,
            "tags": list(self.tags),
            "menu_id": str(self.menu_id) if self.menu_id else None,
            "course_id": str(self.course_id) if self.course_id else None,
        }


def _id(value: Json) -> UUID | None:
    return UUID(value) if isinstance(value, str) else None


DEFAULT = Effects()
