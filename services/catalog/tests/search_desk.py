"""Works put into the catalogue, and the search box as a person or a stranger uses it."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from catalog.media.messages import to_draft
from catalog.media.service import upsert_many
from tastebuds.catalog.v1 import media_pb2 as media
from tastebuds.catalog.v1 import search_service_pb2 as pb

from .works import upsert

BOOK, MOVIE, TV = media.MEDIA_TYPE_BOOK, media.MEDIA_TYPE_MOVIE, media.MEDIA_TYPE_TV
GAME, MUSIC = media.MEDIA_TYPE_GAME, media.MEDIA_TYPE_MUSIC
KINDS = (BOOK, MOVIE, TV, GAME, MUSIC)


def work(title, kind=BOOK, **fields):
    return media.MediaItem(media_type=kind, title=title, **fields)


@dataclass(frozen=True)
class SearchDesk:
    """Without a `user_id` it is a stranger who asks."""

    database: Any
    search: Any
    people: Any
    user_id: UUID | None = None

    def of(self, user_id):
        return replace(self, user_id=user_id)

    async def load(self, *works):
        """In one transaction; a pair is a work and how popular it is. Their ids, in order.

        A source calls them "Tidewatch 0", "The Quiet Harbour 1" and so on.
        """
        pairs = [one if isinstance(one, tuple) else (one, None) for one in works]
        drafts = [
            to_draft(upsert(item, f"{item.title} {number}", popularity=popularity).draft)
            for number, (item, popularity) in enumerate(pairs)
        ]
        async with self.database.sessions.begin() as session:
            stored = await upsert_many(session, drafts, refresh=True)
        return [str(stored[draft.key].stored.item.id) for draft in drafts]

    async def ask(self, query, **fields):
        metadata = self.people.metadata(self.user_id) if self.user_id else ()
        request = pb.SearchMediaRequest(query=query, **fields)
        return await self.search.SearchMedia(request, metadata=metadata)

    async def titles(self, query, **fields):
        return [item.title for item in (await self.ask(query, **fields)).items]

    async def counts(self, query, **fields):
        """By type."""
        reply = await self.ask(query, **fields)
        return {one.media_type: one.count for one in reply.type_counts}

    async def suggest(self, typed, *kinds, limit=0):
        request = pb.SuggestMediaRequest(prefix=typed, media_types=kinds, limit=limit)
        return list((await self.search.SuggestMedia(request)).suggestions)

    async def suggested(self, typed, *kinds, limit=0):
        return [one.title for one in await self.suggest(typed, *kinds, limit=limit)]
