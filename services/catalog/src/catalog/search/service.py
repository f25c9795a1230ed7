"""What search does with a question."""

from collections.abc import Sequence

from catalog.media.bounds import line
from catalog.media.indexing import title_key
from catalog.media.items import MediaType
from catalog.search import repository
from catalog.search.errors import EmptyQuery
from catalog.search.repository import Hits
from common import pages
from common.db import Reader

LONGEST_QUERY = 256
USUAL_PAGE = 20
LARGEST_PAGE = 50
# catalog.search_media counts no further, so there is no page beyond.
DEEPEST = 10_000


async def search(
    session: Reader,
    *,
    query: str,
    media_types: Sequence[MediaType],
    page_size: int,
    offset: int,
) -> Hits:
    """One statement. A longer question is cut, as people paste whole paragraphs."""
    asked = line(query[: 4 * LONGEST_QUERY])
    if asked is None:
        raise EmptyQuery
    asked = asked[:LONGEST_QUERY]
    return await repository.search(
        session,
        query=asked,
        title_key=title_key(asked),
        media_types=list(dict.fromkeys(media_types)),
        skip=min(pages.offset(offset), DEEPEST),
        take=pages.page_size(page_size, usual=USUAL_PAGE, largest=LARGEST_PAGE),
    )
