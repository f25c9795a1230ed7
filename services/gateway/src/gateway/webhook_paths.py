"""Webhooks have a door of their own, in ingest; what comes here by mistake holds a secret."""

import re
from collections.abc import MutableMapping
from typing import Any

from common.errors import DomainError, Kind

PATHS = ("/api/webhooks/", "/api/integrations/arr/webhook/")
MASK = "***"
# A proxy may have left something in front of it.
_SECRET = re.compile(f"({'|'.join(PATHS)}).+", re.DOTALL)


class WrongDoor(DomainError):
    kind = Kind.NOT_FOUND
    reason = "WRONG_DOOR"

    def __init__(self) -> None:
        super().__init__(
            "Webhooks have another address: the integration's webhook_url, which begins with what "
            "the server's INGEST_WEBHOOK_PUBLIC_URL says."
        )


def mask(scope: MutableMapping[str, Any]) -> None:
    """Whatever looks at the request afterwards, a log, a trace or an answer, sees no token."""
    path, found = _SECRET.subn(rf"\1{MASK}", scope["path"])
    if found:
        scope.update(path=path, raw_path=path.encode(), query_string=b"")
