"""What is due here again and again."""

from catalog.library import service as library
from catalog.loading import service as loading
from common.sweeps import Sweep


def sweeps() -> list[Sweep]:
    return [
        Sweep(
            "search_indexes",
            "0 50 3 * * *",
            "Builds indexes of search that a bulk load has left undone when it was killed.",
            loading.mend_indexes,
        ),
        Sweep(
            "library_changes",
            "0 40 3 * * *",
            "Forgets changes of libraries that can no longer be taken back.",
            library.forget_old_changes,
        )
    ]
