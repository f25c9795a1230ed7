"""What is due here again and again."""

from catalog.duplicates import service as duplicates
from catalog.indexing import service as indexing
from catalog.library import service as library
from catalog.loading.mending import Mender
from catalog.merging import service as merging
from catalog.placements.service import DeletedMenus
from catalog.ranking import service as ranking
from catalog.retention.service import Retention
from catalog.taste.service import Profiles
from common.sweeps import Sweep

PAYLOADS_AT_ONCE = 200


def sweeps(kept: Retention, menus: DeletedMenus, profiles: Profiles, mender: Mender) -> list[Sweep]:
    return [*_of_retention(kept, menus), *_of_people(profiles), *_of_works(mender)]


def _of_retention(kept: Retention, menus: DeletedMenus) -> list[Sweep]:
    return [
        Sweep(
            "raw_payloads",
            "0 30 4 * * *",
            "Puts a marker in the place of what sources answered long ago.",
            kept.sweep_raw_payloads,
            batch=PAYLOADS_AT_ONCE,
        ),
        Sweep(
            "unused_works",
            "0 15 4 * * *",
            "Deletes old works that nobody uses, if these are not kept for ever.",
            kept.sweep_unused_works,
        ),
        Sweep(
            "deleted_menus",
            "0 5 4 * * *",
            "Forgets that menus were deleted, once nothing of them can come any more.",
            menus.sweep,
        ),
    ]


def _of_people(profiles: Profiles) -> list[Sweep]:
    return [
        Sweep(
            "taste_profiles",
            "0 30 * * * *",
            "Computes old taste profiles anew when something has changed; forgets unasked ones.",
            profiles.sweep,
            # Nobody who asks for theirs waits for those of others.
            batch=1,
        ),
        Sweep(
            "library_changes",
            "0 40 3 * * *",
            "Forgets changes of libraries that can no longer be taken back.",
            library.forget_old_changes,
        ),
    ]


def _of_works(mender: Mender) -> list[Sweep]:
    return [*_of_search(mender), *_of_doubles()]


def _of_search(mender: Mender) -> list[Sweep]:
    return [
        Sweep(
            "search_indexes",
            "0 50 3 * * *",
            "Has indexes of search built that a bulk write has left undone when it was killed.",
            mender.sweep,
        ),
        Sweep(
            "search_entries",
            "0 55 3 * * *",
            "Indexes works anew whose entries in search were made by older rules.",
            indexing.index_stale,
            batch=500,
        ),
        Sweep(
            "popularity",
            "0 0 3 * * *",
            "Counts anew how many people have a work in their library or on a menu.",
            ranking.count_holders,
        ),
        Sweep(
            "popularity_tiers",
            "0 10 3 * * *",
            "Divides works into tiers of popularity, the best known of which search reads first.",
            ranking.rank_next,
            batch=2000,
        ),
    ]


def _of_doubles() -> list[Sweep]:
    return [
        Sweep(
            "duplicates",
            "0 */10 * * * *",
            "Compares works that are new or changed with the others; merges what is surely one.",
            duplicates.compare,
            batch=500,
        ),
        Sweep(
            "merges",
            "0 20 3 * * *",
            "Forgets what it takes to undo merges that can no longer be undone.",
            merging.make_final,
        ),
    ]
