"""Finding works, as people type."""

import pytest

WORKS = {
    "The Hitchhiker's Almanac": {"book": {"authors": ["Douglas Ebb"], "isbn_13": "9780141183046"}},
    "Été à Málaga": {"media_type": "movie", "movie": {"directors": ["Zoë Ørsted"]}},
    "Night Train to Nowhere": {"description": "A lighthouse keeper leaves the coast."},
    "Война и тишина": {},
    "千の灯台": {},
}


@pytest.fixture(scope="module")
def catalogue():
    return {}


@pytest.fixture
def works(add_work, catalogue):
    """The ids of the works under their titles."""
    if not catalogue:
        catalogue |= {title: add_work(title, **fields) for title, fields in WORKS.items()}
    return catalogue


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("hitchhikers almanac", "The Hitchhiker's Almanac"),
        ("hitchiker almanac", "The Hitchhiker's Almanac"),
        ("hitchhik", "The Hitchhiker's Almanac"),
        ("douglas ebb", "The Hitchhiker's Almanac"),
        ("978-0-14-118304-6", "The Hitchhiker's Almanac"),
        ("ete a malaga", "Été à Málaga"),
        ("zoe orsted", "Été à Málaga"),
        ("nihgt train nowhere", "Night Train to Nowhere"),
        ('"night train"', "Night Train to Nowhere"),
        ("lighthouse keepers nowhere", "Night Train to Nowhere"),
        ("война", "Война и тишина"),
        ("千の灯台", "千の灯台"),
    ],
)
def test_it_is_found_first(visitor, works, question, title):
    found = visitor.get("/api/search", params={"q": question}).json()
    assert found["results"], found
    assert found["results"][0]["title"] == title


def test_what_is_excluded_is_not_found(visitor, works):
    found = visitor.get("/api/search", params={"q": "night train -lighthouse"}).json()
    assert "Night Train to Nowhere" not in {hit["title"] for hit in found["results"]}


def test_suggestions_while_typing(visitor, works):
    for typed, title in (("the hitch", "The Hitchhiker's Almanac"), ("été", "Été à Málaga")):
        found = visitor.get("/api/search/suggest", params={"q": typed}).json()["suggestions"]
        assert title in {each["title"] for each in found}
        assert len(found) <= 8


def test_past_the_end_the_total_is_true(visitor, works):
    first = visitor.get("/api/search", params={"q": "night train nowhere"}).json()
    total = first["metadata"]["paging"]["total_internal"]
    assert total >= 1
    beyond = visitor.get("/api/search", params={"q": "night train nowhere", "page": 40}).json()
    assert beyond["results"] == []
    assert beyond["metadata"]["paging"]["total_internal"] == total
