"""What a menu is made of: its own fields, its courses, their items, the snapshot of each work."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID


class Snapshot(NamedTuple):
    """What menus keep of a work. `metadata_json` is a JSON object."""

    media_item_id: UUID
    media_type: str
    title: str
    subtitle: str | None
    description: str | None
    release_date: date | None
    cover_image_url: str | None
    canonical_url: str | None
    metadata_json: str | None
    creators: list[str]


class Work(NamedTuple):
    """A work as the catalogue tells it; `changed_at` is the catalogue's time.

    One that was merged into another looks like that one.
    """

    snapshot: Snapshot
    changed_at: datetime
    duration_ms: int | None
    merged_into: UUID | None = None


class Merge(NamedTuple):
    """Two works that became one."""

    id: UUID
    survivor_id: UUID
    absorbed_id: UUID


class Item(NamedTuple):
    id: UUID
    notes: str | None
    position: int
    updated_at: datetime
    media: Snapshot


class Course(NamedTuple):
    """Items in order of position."""

    id: UUID
    menu_id: UUID
    title: str
    description: str | None
    intent: str | None
    position: int
    updated_at: datetime
    items: list[Item]


class Menu(NamedTuple):
    """The menu's own fields."""

    id: UUID
    owner_id: UUID
    title: str
    description: str | None
    slug: str
    is_public: bool
    created_at: datetime
    updated_at: datetime
