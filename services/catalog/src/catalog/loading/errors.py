"""What can be wrong where many works are written."""

from common.errors import DomainError, Kind


class AlreadyLoading(DomainError):
    kind = Kind.CONFLICT
    reason = "ALREADY_LOADING"

    def __init__(self) -> None:
        super().__init__(
            "Works are being loaded already, or indexes built: wait until that is done."
        )
