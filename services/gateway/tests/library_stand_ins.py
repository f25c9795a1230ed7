"""The catalogue's library, as its contract says."""

from uuid import uuid4

from common.requests import current_caller
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1 import library_service_pb2 as library_pb
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceServicer

from .stand_ins import CREATED, StandIn, not_found


class Library(StandIn, LibraryServiceServicer):
    async def ListStates(self, request, context):
        self.world.called("ListStates", request)
        return library_pb.ListStatesResponse(
            states=[state for state in self.world.states.values() if self._is_mine(state)],
            next_page_token="" if request.page_token else "older",
        )

    async def SetState(self, request, context):
        self.world.called("SetState", request)
        if request.media_item_id not in self.world.media:
            raise not_found("Media item")
        said = {field.name: value for field, value in request.ListFields()}
        state = library_pb2.UserState(
            id=str(uuid4()), user_id=str(current_caller().user_id), updated_at=CREATED, **said
        )
        self.world.states[state.media_item_id] = state
        return library_pb.SetStateResponse(state=state)

    async def ListLogs(self, request, context):
        self.world.called("ListLogs", request)
        logs = [log for log in self.world.logs.values() if self._is_mine(log)]
        return library_pb.ListLogsResponse(logs=logs)

    def _is_mine(self, entry):
        return entry.user_id == str(current_caller().user_id)
