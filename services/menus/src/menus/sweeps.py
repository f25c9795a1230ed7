"""What is due here again and again."""

from common.sweeps import Sweep
from menus.documents import service as documents

MENUS_AT_ONCE = 50


def sweeps() -> list[Sweep]:
    return [
        Sweep(
            "untold_contents",
            "0 55 * * * *",
            "Tells which works are in menus that nobody was told of.",
            documents.tell_untold,
            batch=MENUS_AT_ONCE,
        ),
    ]
