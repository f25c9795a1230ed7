"""In which lane a work is brought in."""

# Beside those of the source's own lane: the circuit and the limit of requests are the same.
BULK_CONCURRENCY = 4


def bulk(source: str) -> str:
    return f"{source}-bulk"


def lane_of(source: str, works: int) -> str:
    """Of a job of so many: one that was asked for alone does not stand behind hundreds."""
    return source if works == 1 else bulk(source)
