"""Events this service publishes, made from its own models."""

from uuid import UUID

from menus.models import Outbox
from menus.tree import Menu
from tastebuds.menus.v1.document_events_pb2 import DocumentsOutdated
from tastebuds.menus.v1.menu_events_pb2 import MenuChanged, MenuPublished, MenuUnpublished


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


def documents_outdated(media_item_id: UUID, after_menu_id: UUID) -> Outbox:
    return Outbox.of(
        DocumentsOutdated(media_item_id=str(media_item_id), after_menu_id=str(after_menu_id))
    )
