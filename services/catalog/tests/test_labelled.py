"""The questions of `make bench` whose answers are known, on a small catalogue."""

from bench import data, labelled
from catalog.media.service import upsert_many
from catalog.ranking.service import rank_next
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

WORKS = 3000
# A little less than there is, so that an answer that gets worse is noticed.
LOWEST_MRR = {"all": 0.95, "held out": 0.95}
LOWEST_MRR_OF_A_KIND = 0.9


async def test_the_ranking_is_as_good_as_it_was(database, search, sql):
    async with database.sessions.begin() as session:
        drafts = [*labelled.planted(), *data.drafts(WORKS)]
        await upsert_many(session, drafts, refresh=False)
        await rank_next(session, len(drafts))
    planted = await sql(
        "select media_item_id, external_id from catalog.media_sources where source_name = :name",
        name=labelled.SOURCE,
    )
    known = {str(row.media_item_id): row.external_id for row in planted}

    async def ask(words):
        found = await search.SearchMedia(SearchMediaRequest(query=words))
        return [known.get(item.id) for item in found.items]

    found = await labelled.answers(ask)
    report = labelled.report(found)
    for score in labelled.scores(found):
        lowest = LOWEST_MRR.get(score.name, LOWEST_MRR_OF_A_KIND)
        assert score.mrr >= lowest, f"{score.name}\n{report}"
        assert score.recall >= lowest, f"{score.name}\n{report}"
