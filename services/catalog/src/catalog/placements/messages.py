"""Menus on the wire."""

from catalog.placements.menus import Contents
from common.requests import parse_id
from tastebuds.menus.v1.menu_events_pb2 import MenuContentsChanged


def to_contents(event: MenuContentsChanged) -> Contents:
    """Nothing of a deleted menu is kept but that it was."""
    menu_id = parse_id("menu_id", event.menu_id)
    if event.is_deleted:
        return Contents(
            menu_id=menu_id,
            owner_id=None,
            revision=event.revision,
            is_public=False,
            slug="",
            title="",
            course_count=0,
            places={},
        )
    return Contents(
        menu_id=menu_id,
        owner_id=parse_id("owner_id", event.owner_id),
        revision=event.revision,
        is_public=event.is_public,
        slug=event.slug,
        title=event.title,
        course_count=event.course_count,
        places={
            parse_id("media_item_id", placement.media_item_id): placement.count
            for placement in event.placements
        },
    )
