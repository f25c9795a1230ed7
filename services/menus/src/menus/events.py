"""Events this service publishes, made from its own models."""

from uuid import UUID

from menus.documents.contents import Contents
from menus.models import Outbox
from menus.tree import Menu
from tastebuds.menus.v1.document_events_pb2 import DocumentsOutdated, ItemsOutOfPlace
from tastebuds.menus.v1.menu_events_pb2 import (
    MenuChanged,
    MenuContentsChanged,
    MenuPlacement,
    MenuPublished,
    MenuUnpublished,
)

# After it there is no other: a deleted menu never comes back.
LAST_REVISION = 2**63 - 1


def menu_published(menu: Menu) -> Outbox:
    return Outbox.of(
        MenuPublished(menu_id=str(menu.id), owner_id=str(menu.owner_id), slug=menu.slug)
    )


def menu_unpublished(menu: Menu) -> Outbox:
    return Outbox.of(
        MenuUnpublished(menu_id=str(menu.id), owner_id=str(menu.owner_id), slug=menu.slug)
    )


def menu_changed(menu: Menu) -> Outbox:
    return Outbox.of(MenuChanged(menu_id=str(menu.id), owner_id=str(menu.owner_id), slug=menu.slug))


def menu_contents_changed(contents: Contents, revision: int) -> Outbox:
    menu = contents.menu
    return Outbox.of(
        MenuContentsChanged(
            menu_id=str(menu.id),
            owner_id=str(menu.owner_id),
            revision=revision,
            is_public=menu.is_public,
            slug=menu.slug,
            title=menu.title,
            course_count=contents.course_count,
            placements=(
                MenuPlacement(media_item_id=str(media_item_id), count=count)
                for media_item_id, count in contents.places.items()
            ),
        )
    )


def menu_contents_gone(menu: Menu) -> Outbox:
    """Of a menu that was deleted."""
    return Outbox.of(
        MenuContentsChanged(
            menu_id=str(menu.id),
            owner_id=str(menu.owner_id),
            revision=LAST_REVISION,
            is_deleted=True,
        )
    )


def items_out_of_place(media_item_id: UUID) -> Outbox:
    return Outbox.of(ItemsOutOfPlace(media_item_id=str(media_item_id)))


def documents_outdated(media_item_id: UUID, after_menu_id: UUID) -> Outbox:
    return Outbox.of(
        DocumentsOutdated(media_item_id=str(media_item_id), after_menu_id=str(after_menu_id))
    )
