"""The questions of `make bench` whose answers are known, on a small catalogue."""

from bench import data, labelled
from catalog.loading import service
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest

WORKS = 3000
# Of each kind; one more question that is answered badly is noticed.
LOWEST_MRR = 0.9
LOWEST_RECALL = 0.9


async def test_the_ranking_is_as_good_as_it_was(database, search, sql):
    await service.load(database, labelled.planted(), lambda _: None)
    await service.load(database, data.drafts(WORKS), lambda _: None)
    planted = await sql(
        "select media_item_id, external_id from catalog.media_sources where source_name = :name",
        name=labelled.SOURCE,
    )
    known = {str(row.media_item_id): row.external_id for row in planted}

    async def ask(words):
        found = await search.SearchMedia(SearchMediaRequest(query=words))
        return [known.get(item.id) for item in found.items]

    found = await labelled.answers(ask)
    scores = {score.name: score for score in labelled.scores(found)}
    report = labelled.report(found)
    assert scores["all"].mrr >= 0.95, report
    assert scores["held out"].mrr >= 0.95, report
    assert scores["all"].recall >= 0.95, report
    low = [name for name, score in scores.items() if score.mrr < LOWEST_MRR]
    assert not low, report
