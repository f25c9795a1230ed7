"""How often a message may wait for what is not its fault, before it counts as a failure of it."""

from dataclasses import dataclass

from nats.aio.msg import Msg

# Begins the headers that count such waits, over all tries of a message.
HEADERS = "Tastebuds-Waits-"


@dataclass(frozen=True, slots=True)
class Patience:
    """`most` waits of `seconds`, unless the error names another time.

    Of the first deliveries so many are only given back, for what is over in a moment; each holds
    a slot of its consumer meanwhile, and a schedule does not.
    """

    name: str
    seconds: float
    most: int
    given_back: int = 0

    @property
    def header(self) -> str:
        return HEADERS + self.name

    def waits_of(self, message: Msg) -> int:
        stated = (message.headers or {}).get(self.header, "")
        return int(stated) if stated.isdecimal() else 0


# A day for our database or a peer, which may also seem away because the message asks too much.
AWAY = Patience("Away", 30.0, 2880, given_back=3)
# For what says itself that it is not its turn.
TURN = Patience("Turn", 60.0, 1000)
# Ten minutes, in which a deploy brings the version that knows what to do.
UNKNOWN = Patience("Unknown", 20.0, 30)
