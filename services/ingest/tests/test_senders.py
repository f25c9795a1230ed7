"""The contract every entry of SENDERS keeps, tried on bodies as each sender posts them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.webhooks.documents import open_document
from ingest.webhooks.errors import Unreadable
from ingest.webhooks.happenings import Happening, Part, What
from ingest.webhooks.redaction import redact
from ingest.webhooks.senders import SENDERS

FIXTURES = Path(__file__).parent / "fixtures" / "webhooks"
CASES = {
    f"{sender}-{path.stem}": (sender, orjson.loads(path.read_bytes()))
    for sender in SENDERS
    for path in sorted((FIXTURES / sender).glob("*.json"))
}
BODIES = [(sender, case["body"]) for sender, case in CASES.values()]
ODD = [
    None,
    0,
    -1,
    "",
    "0",
    "test",
    [],
    {},
    [None],
    [[]],
    {"id": {}},
    True,
    1e300,
    10**15,
    "x" * 600,
]


def told(happening: Happening) -> dict[str, object]:
    work = happening.work
    episode = work.episode if work else None
    return {
        "what": happening.what,
        "event_name": happening.event_name,
        "reason": happening.reason,
        "at": happening.at.isoformat() if happening.at else None,
        "accounts": list(happening.accounts),
        "key": happening.key,
        "note": happening.note,
        "media_type": work.media_type if work else None,
        "title": work.title if work else None,
        "year": work.year if work else None,
        "artist": work.artist if work else None,
        "album": work.album if work else None,
        "is_album": work.is_album if work else None,
        "ids": [f"{each.scheme} {each.value}" for each in work.ids] if work else [],
        "episode": str(episode) if episode else None,
        "episode_title": episode.title if episode else None,
        "episode_ids": [f"{e.scheme} {e.value}" for e in episode.ids] if episode else [],
    }


def check_contract(parts: list[Part]) -> None:
    assert parts
    for part in parts:
        happening = part.happening
        assert happening.event_name
        assert (happening.what is What.NOTHING) <= bool(happening.reason)
        if happening.what not in {What.NOTHING, What.TEST}:
            assert happening.work
            assert happening.note or happening.what is not What.ACQUIRED
            episode = happening.work.episode
            assert happening.work.title or happening.work.ids or (episode and episode.ids)
        if happening.at:
            assert happening.at.tzinfo is UTC
            assert happening.at <= datetime.now(UTC) + timedelta(days=1)
        assert len(orjson.dumps(told(happening))) < 6000


@pytest.mark.parametrize("sender", SENDERS)
def test_every_sender_has_fixtures_with_a_test_and_more(sender):
    told_of = {
        part["what"] for name, case in CASES.values() if name == sender for part in case["parts"]
    }
    assert {What.TEST, What.NOTHING} < told_of


@pytest.mark.parametrize(("sender", "case"), CASES.values(), ids=CASES)
def test_a_body_is_read(sender, case):
    parts = list(SENDERS[sender].read(case["body"]))
    check_contract(parts)
    assert len(parts) == len(case["parts"])
    for part, expected in zip(parts, case["parts"], strict=True):
        actual = told(part.happening)
        assert {name: actual[name] for name in expected} == expected


@pytest.mark.parametrize(("sender", "case"), CASES.values(), ids=CASES)
def test_each_part_tells_its_happening_alone(sender, case):
    """A part becomes an event of its own, which is read again from its piece of the document."""
    for part in SENDERS[sender].read(case["body"]):
        (again,) = SENDERS[sender].read(open_document(orjson.dumps(part.document), ""))
        assert again.happening == part.happening


@pytest.mark.parametrize(("sender", "case"), CASES.values(), ids=CASES)
def test_what_is_redacted_changes_nothing(sender, case):
    before = [part.happening for part in SENDERS[sender].read(case["body"])]
    assert [part.happening for part in SENDERS[sender].read(redact(case["body"]))] == before


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_the_example_is_a_test(sender):
    (part,) = sender.read(open_document(orjson.dumps(sender.example), "application/json"))
    assert part.happening.what is What.TEST
    assert part.document == sender.example


@pytest.mark.parametrize(("name", "sender"), SENDERS.items(), ids=SENDERS)
def test_a_sender_says_how_to_set_it_up(name, sender):
    assert sender.name == name
    assert sender.guide.title
    assert 80 < len(sender.guide.instructions) < 1200
    orjson.dumps(sender.guide.schema)


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize("document", [{}, {"hello": "world"}, {"": ""}, {"eventtype": 1}], ids=str)
def test_what_is_no_event_is_unreadable(sender, document):
    with pytest.raises(Unreadable, match=r"^Unreadable webhook: it has"):
        sender.read(document)


def mutations(document, odd):
    """The document with each of its members, at any depth, replaced or left out."""
    if isinstance(document, dict):
        for name, value in document.items():
            rest = {other: each for other, each in document.items() if other != name}
            yield rest
            yield from ({**document, name: each} for each in odd)
            yield from ({**document, name: each} for each in mutations(value, odd))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            for each in mutations(value, odd):
                yield [*document[:index], each, *document[index + 1 :]]


def read_or_refuse(sender, document):
    try:
        parts = list(SENDERS[sender].read(document))
    except Unreadable:
        return
    check_contract(parts)


@pytest.mark.parametrize("sender", SENDERS)
def test_odd_members_are_left_out(sender):
    for name, body in BODIES:
        if name == sender:
            for document in mutations(body, ODD):
                read_or_refuse(sender, document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted({name for _, body in BODIES for name in body}))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(SENDERS)), st.sampled_from(BODIES), st.dictionaries(NAMES, JSON))
def test_any_body_is_read_or_refused(sender, case, members):
    read_or_refuse(sender, {**case[1], **members})
