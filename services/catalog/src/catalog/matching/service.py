"""What the catalogue does to recognise works."""

from collections.abc import Mapping
from uuid import UUID

from catalog.matching import repository
from catalog.matching.matches import Match, Reason
from catalog.media.identity import same_address, share_a_creator
from catalog.media.items import Draft
from common.db import Reader


async def match(session: Reader, drafts: Mapping[int, Draft], user_id: UUID | None) -> list[Match]:
    """The work that each draft is, for the best reason; those that are none are left out.

    Two statements for any number of drafts, one when all are known by their ids.
    """
    found = _best(drafts, await repository.with_ids(session, drafts, user_id))
    others = {index: draft for index, draft in drafts.items() if index not in found}
    found |= _best(others, await repository.with_title(session, others, user_id))
    return [found[index] for index in sorted(found)]


def _best(drafts: Mapping[int, Draft], candidates: list[Match]) -> dict[int, Match]:
    best: dict[int, Match] = {}
    for candidate in candidates:
        if candidate.index not in best and _holds(drafts[candidate.index], candidate):
            best[candidate.index] = candidate
    return best


def _holds(draft: Draft, candidate: Match) -> bool:
    """Whether it is as it looked to the database, which asks only what it has an index for."""
    facts, known = draft.facts, candidate.item.facts
    match candidate.reason:
        case Reason.CANONICAL_URL:
            return same_address(facts.canonical_url, known.canonical_url)
        case Reason.TITLE_YEAR_CREATOR:
            return share_a_creator(facts, known)
        case _:
            return True
