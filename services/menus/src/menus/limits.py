"""How much one may put into menus."""

from dataclasses import dataclass

TITLE_LENGTH = 255
DESCRIPTION_LENGTH = 10_000
NOTES_LENGTH = 5_000
SLUG_LENGTH = 255
# Leaves room for "-2", "-3" …, and for a readable address.
SLUG_BASE_LENGTH = 80
HIGHEST_POSITION = 1_000_000
USUAL_PAGE = 50
LARGEST_PAGE = 100
# A page of menus ends early rather than grow beyond this; a gRPC message has room for it.
PAGE_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator may set. `menu_bytes` is the length of a menu's finished document."""

    menus_per_owner: int = 1_000
    courses_per_menu: int = 50
    items_per_course: int = 200
    items_per_menu: int = 1_000
    menu_bytes: int = 2_000_000
