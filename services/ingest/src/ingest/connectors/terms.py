"""For how long what a source says may be kept without asking it again."""

from datetime import timedelta
from typing import NamedTuple


class Terms(NamedTuple):
    """`used`: of works that people have, whose records change in between."""

    records: timedelta
    used: timedelta | None = None
