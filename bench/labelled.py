"""Questions whose answers are known, and how well search does on them.

The works (queries/works.tsv) are invented ones and classics long free for all; the questions
(queries/labelled.tsv) name what should come first. Those that are held out were written before
search was changed for their kind, and no rule was made for one of them alone: leave it so.
"""

import csv
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from catalog.media.drafts import make_draft
from catalog.media.items import (
    Book,
    Draft,
    Extension,
    Facts,
    Game,
    MediaType,
    Music,
    Screen,
    SourceKey,
)

SOURCE = "planted"
RECALL_AT = 5
READ_TO = 20
_FOLDER = Path(__file__).parent / "queries"
# The ids, in their order, of the planted works that a question finds; None where it is another's.
Ask = Callable[[str], Awaitable[Sequence[str | None]]]


@dataclass(frozen=True, slots=True)
class Question:
    """`relevant` are ids of planted works."""

    kind: str
    is_held_out: bool
    words: str
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`reciprocal`: 1 over the place of the first relevant hit, 0 for none among the first 20.

    `recall`: the share of the relevant works that is among the first five.
    """

    question: Question
    reciprocal: float
    recall: float


@dataclass(frozen=True, slots=True)
class Score:
    """Means over questions."""

    name: str
    questions: int
    mrr: float
    recall: float


def planted() -> Iterator[Draft]:
    return map(_draft, _rows("works.tsv"))


def questions() -> list[Question]:
    return [
        Question(row["class"], bool(row["held"]), row["query"], tuple(row["relevant"].split()))
        for row in _rows("labelled.tsv")
    ]


async def answers(ask: Ask) -> list[Answer]:
    return [_answer(question, await ask(question.words)) for question in questions()]


def scores(found: Sequence[Answer]) -> list[Score]:
    """Of each kind of question, of those held out, and of all."""
    kinds = dict.fromkeys(answer.question.kind for answer in found)
    return [
        *(_score(kind, (one for one in found if one.question.kind == kind)) for kind in kinds),
        _score("held out", (one for one in found if one.question.is_held_out)),
        _score("all", found),
    ]


def report(found: Sequence[Answer]) -> str:
    lines = [f"{'labelled questions':34}{'number':>8}{'MRR':>8}{f'recall@{RECALL_AT}':>10}"]
    lines += [
        f"{score.name:34}{score.questions:8}{score.mrr:8.2f}{score.recall:10.2f}"
        for score in scores(found)
    ]
    missed = [answer.question.words for answer in found if answer.reciprocal < 1]
    return "\n".join([*lines, f"not first: {'; '.join(missed) or 'none'}"])


def _answer(question: Question, hits: Sequence[str | None]) -> Answer:
    places = [place for place, hit in enumerate(hits[:READ_TO], 1) if hit in question.relevant]
    early = sum(place <= RECALL_AT for place in places)
    return Answer(
        question, 1 / places[0] if places else 0.0, early / min(RECALL_AT, len(question.relevant))
    )


def _score(name: str, found: Iterable[Answer]) -> Score:
    listed = list(found)
    return Score(
        name,
        len(listed),
        sum(answer.reciprocal for answer in listed) / len(listed),
        sum(answer.recall for answer in listed) / len(listed),
    )


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _draft(row: dict[str, str]) -> Draft:
    media_type = MediaType(row["type"])
    names = tuple(filter(None, row["creators"].split(";")))
    ids = dict(part.split("=") for part in row["ids"].split(";") if part)
    facts = Facts(
        media_type=media_type,
        title=row["title"],
        subtitle=row["subtitle"],
        description=row["description"],
        release_date=date(int(row["year"]), 1, 1) if row["year"] else None,
        extension=_extension(media_type, names, ids),
    )
    return make_draft(
        SourceKey(SOURCE, row["id"]),
        facts,
        source_url=None,
        raw_payload=b"{}",
        popularity=float(row["popularity"]),
    )


def _extension(media_type: MediaType, names: tuple[str, ...], ids: dict[str, str]) -> Extension:
    match media_type:
        case MediaType.BOOK:
            return Book(authors=names, isbn_10=ids.get("isbn_10"), isbn_13=ids.get("isbn_13"))
        case MediaType.GAME:
            return Game(developers=names)
        case MediaType.MUSIC:
            return Music(artist_name=names[0])
        case MediaType.MOVIE | MediaType.TV:
            return Screen(directors=names, imdb_id=ids.get("imdb_id"))
