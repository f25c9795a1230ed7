"""What the menus service tells of menus: copies, kept up to date by its events."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from catalog.models.works import Base, item_key


class MenuCopy(Base):
    """A menu as it was at its highest revision seen; one without an owner was deleted.

    That a menu was deleted is remembered as long as an older event of it could still come.
    """

    __tablename__ = "menu_copies"
    __table_args__ = (
        Index("ix_menu_copies_owner_id", "owner_id", "changed_at"),
        Index("ix_menu_copies_deleted", "changed_at", postgresql_where="owner_id is null"),
    )
    menu_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID | None]
    revision: Mapped[int] = mapped_column(BigInteger)
    is_public: Mapped[bool]
    slug: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255))
    course_count: Mapped[int]
    # When the event came.
    changed_at: Mapped[datetime]


class MenuPlacement(Base):
    """A work of a menu, and how many places it has there."""

    __tablename__ = "menu_placements"
    __table_args__ = (Index("ix_menu_placements_media_item_id", "media_item_id"),)
    menu_id: Mapped[UUID] = mapped_column(
        ForeignKey(MenuCopy.menu_id, ondelete="CASCADE"), primary_key=True
    )
    media_item_id: Mapped[UUID] = item_key()
    count: Mapped[int]
