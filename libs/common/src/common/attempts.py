"""How often a message has failed."""

from nats.aio.msg import Msg


class Attempts:
    """Counts the failures of messages that are under way, of which there are `most`.

    JetStream counts deliveries, of which an outage of the database makes many without any failure.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._failures: dict[int, int] = {}

    def fail(self, message: Msg) -> int:
        """Count one; returns how many there were so far."""
        place = message.metadata.sequence.stream
        self._failures[place] = self._failures.get(place, 0) + 1
        if len(self._failures) > self._most:  # the oldest was done by another replica
            del self._failures[next(iter(self._failures))]
        return self._failures[place]

    def forget(self, message: Msg) -> None:
        if self._failures:  # reading a message's metadata costs something
            self._failures.pop(message.metadata.sequence.stream, None)
