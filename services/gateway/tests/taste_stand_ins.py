"""The catalogue's taste profiles, as their contract says."""

from uuid import uuid4

from common.requests import current_caller
from tastebuds.catalog.v1 import media_pb2
from tastebuds.catalog.v1 import taste_service_pb2 as pb
from tastebuds.catalog.v1.taste_service_pb2_grpc import TasteServiceServicer

from .stand_ins import CREATED, StandIn


class Tastes(StandIn, TasteServiceServicer):
    async def GetTasteProfile(self, request, context):
        self.world.called("GetTasteProfile", request)
        user_id = str(current_caller().user_id)
        known = self.world.profiles.get(user_id)
        if known is None or request.refresh:
            known = self.world.profiles[user_id] = profile(user_id)
        return pb.GetTasteProfileResponse(profile=known)


def profile(user_id):
    movies = pb.TypeTally(media_type=media_pb2.MEDIA_TYPE_MOVIE, count=4)
    liked = pb.Leaning(name="Ana Maré", weight=3.5, because="4 finished, 2 favourites")
    return pb.TasteProfile(
        id=str(uuid4()), user_id=user_id, generated_at=CREATED, menu_count=1, course_count=2,
        item_count=3, favorite_count=4, minutes_spent=5_000_000_000, media_type_counts=[movies],
        menu_media_type_counts=[movies], top_tags=[pb.NameTally(name="rainy", count=2)],
        log_counts=[pb.NameTally(name="finished", count=6)], top_creators=[liked],
        top_genres=[liked], top_decades=[liked], signal_media_count=7, signal_log_count=8,
        signal_state_count=9, signal_tag_count=10,
    )  # fmt: skip
