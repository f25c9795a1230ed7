"""Invented words, names and titles, the same on every machine: common ones come up as often as in
any text (Zipf), and most are rare."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

SEED = 20_261_123
COMMON_WORD = "story"  # in the description of every second work and nowhere else
# As many words as a library of a few hundred thousand works has.
WORDS, NAMES, PEOPLE = 50_000, 12_000, 40_000
TEXT_WORDS, TITLE_WORDS = 400_000, 300_000

FUNCTION_WORDS = (
    "the of and a to in is with his for her on as that by from an their who at he it she they "
    "into when one are its this must but after be has was not what between while where only them"
).split()
USUAL_WORDS = (
    "life world young love family time war man new woman two years city home night mother old "
    "father friends people secret house find friend death town journey island winter school "
    "children sea music dark great game light river brother garden daughter letters summer past "
    "street train stranger dream fire village voice silence road bridge stone harbour king ship"
).split()
ONSETS = "b br c d dr f g gr h j k l m n p pr r s st t tr v w z".split()
VOWELS = "a e i o u a e i o a e ea ou".split()
CODAS = ["", "", "", "n", "r", "l", "s", "t", "m", "nd", "rk", "sh", "st", "ck"]
ACCENTED = str.maketrans("aeiouncs", "áéíöüñçš")
SCRIPTS = tuple(
    letters.split()
    for letters in (
        "Зима Море Город Дорога Тихий Сад Звезда Письмо Река Старый Остров Мост Ветер Северный Дом",
        "θάλασσα νύχτα δρόμος μικρός κήπος γράμμα ποτάμι παλιό νησί γέφυρα άνεμος σπίτι φως",
        "海 夜 静かな 庭 手紙 川 古い 島 橋 風 家 光 冬 星 町 雨 窓 旅",
        "البحر الليل الطريق الحديقة الرسالة النهر القديم الجزيرة الجسر الريح البيت الضوء الشتاء",
    )
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """To draw one word from `text` or `titles` at random is to draw it as often as it is used.

    `text` is also text: any run of it reads like a description's.
    """

    words: Sequence[str]
    text: Sequence[str]
    titles: Sequence[str]
    people: Sequence[str]


@cache
def vocabulary() -> Vocabulary:
    """Takes half a second."""
    chance = random.Random(SEED)
    words = _invented(chance, WORDS)
    spoken = [*FUNCTION_WORDS, *USUAL_WORDS, *words]
    named = [*USUAL_WORDS, *words]
    return Vocabulary(
        words,
        _drawn(chance, spoken, TEXT_WORDS, flat=1.05),
        _drawn(chance, named, TITLE_WORDS, flat=0.85),
        _people(chance),
    )


def _invented(chance: random.Random, count: int) -> list[str]:
    """Each once; the first are the shortest, as in every language."""
    known = {*FUNCTION_WORDS, *USUAL_WORDS, COMMON_WORD}
    words: list[str] = []
    while len(words) < count:
        syllables = 2 if len(words) < count // 20 else chance.choice((2, 3, 3, 4))
        word = "".join(
            chance.choice(ONSETS) + chance.choice(VOWELS) for _ in range(syllables)
        ) + chance.choice(CODAS)
        if word not in known:
            known.add(word)
            words.append(word)
    return words


def _drawn(chance: random.Random, words: Sequence[str], count: int, *, flat: float) -> list[str]:
    weights = accumulate((place + 2.7) ** -flat for place in range(len(words)))
    return chance.choices(words, cum_weights=list(weights), k=count)


def _people(chance: random.Random) -> list[str]:
    first = [word.title() for word in _invented(chance, 800)]
    last = [word.title() for word in _invented(chance, NAMES)]
    last[::9] = [name.translate(ACCENTED) for name in last[::9]]
    return [f"{chance.choice(first)} {chance.choice(last)}" for _ in range(PEOPLE)]
