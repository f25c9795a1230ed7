"""What a new job is asked to bring in."""

from typing import NamedTuple

from common.errors import DomainError
from ingest.connectors import Connectors, identifier
from ingest.errors import IdentifierRequired
from ingest.jobs.tries import Setback, readable, storable
from ingest.service import Wanted

SOURCE_LENGTH = 64
EXTERNAL_ID_LENGTH = 2048


class Entry(NamedTuple):
    """A work, its id normalised; with a setback that it had before the job began."""

    source: str
    external_id: str
    refresh: bool
    setback: Setback | None = None


def read(wanted: Wanted, connectors: Connectors, field: str) -> Entry:
    """What no try could bring in has failed from the start. Raises IdentifierRequired."""
    given = storable(wanted.external_id or "").strip() or storable(wanted.url or "").strip()
    if not given:
        raise IdentifierRequired(field)
    try:
        connector = connectors.pick(wanted.source)
        external_id = identifier(connector, given, None)
    except DomainError as error:
        return Entry(
            storable(wanted.source)[:SOURCE_LENGTH],
            given[:EXTERNAL_ID_LENGTH],
            wanted.refresh,
            Setback(readable(error.message)),
        )
    return Entry(connector.source, external_id, wanted.refresh)
