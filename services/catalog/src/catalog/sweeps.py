"""What is due here again and again."""

from common.sweeps import Sweep


def sweeps() -> list[Sweep]:
    return []
