"""How slow the machine is just now: what it needs for always the same work.

Where others use its cores, CPU time grows as well: figures compare where this does.
"""

import time

ROUNDS = 30_000


def cpu_ms() -> float:
    began = time.process_time()
    texts: dict[str, str] = {}
    for number in range(ROUNDS):
        texts[str(number)] = texts.get(str(number // 2), "")[-8:] + "x"
    return (time.process_time() - began) * 1000
