"""The catalogue's library, as its contract says."""

from uuid import uuid4

from common.errors import Kind
from common.requests import current_caller
from tastebuds.catalog.v1 import library_pb2
from tastebuds.catalog.v1 import library_service_pb2 as library_pb
from tastebuds.catalog.v1.library_service_pb2_grpc import LibraryServiceServicer

from .media_stand_ins import find_media
from .stand_ins import CREATED, Fact, StandIn, not_found


class Library(StandIn, LibraryServiceServicer):
    async def ListStates(self, request, context):
        self.world.called("ListStates", request)
        return library_pb.ListStatesResponse(
            states=[state for state in self.world.states.values() if self._is_mine(state)],
            next_page_token="" if request.page_token else "older",
        )

    async def SetState(self, request, context):
        self.world.called("SetState", request)
        item = find_media(self.world, request.media_item_id)
        said = {field.name: value for field, value in request.ListFields()}
        said |= {"media_item_id": item.id}
        state = library_pb2.UserState(
            id=str(uuid4()), user_id=str(current_caller().user_id), updated_at=CREATED, **said
        )
        self.world.states[item.id] = state
        self.world.changes.append(item)
        return library_pb.SetStateResponse(state=state)

    async def DeleteState(self, request, context):
        self.world.called("DeleteState", request)
        if self.world.states.pop(request.media_item_id, None) is None:
            raise not_found("State")
        return library_pb.DeleteStateResponse()

    async def BatchGetStates(self, request, context):
        self.world.called("BatchGetStates", request)
        known = [self.world.states.get(each) for each in request.media_item_ids]
        return library_pb.BatchGetStatesResponse(
            states=[state for state in known if state is not None and self._is_mine(state)]
        )

    async def GetLibrary(self, request, context):
        self.world.called("GetLibrary", request)
        items = [self._entry(item) for item in self.world.media.values()]
        consumed = sum(
            1
            for state in self.world.states.values()
            if state.status == library_pb2.CONSUMPTION_STATUS_CONSUMED
        )
        return library_pb.GetLibraryResponse(
            summary=library_pb.LibrarySummary(total=len(items), consumed=consumed),
            items=items,
            next_up=() if request.page_token else items[:1],
            next_page_token="" if request.page_token else "older",
        )

    async def ListLogs(self, request, context):
        self.world.called("ListLogs", request)
        logs = [log for log in self.world.logs.values() if self._is_mine(log)]
        return library_pb.ListLogsResponse(
            logs=logs, next_page_token="older" if len(logs) == request.page_size else ""
        )

    async def CreateLog(self, request, context):
        self.world.called("CreateLog", request)
        known = self.world.keys.get(request.idempotency_key)
        if known is None:
            item = find_media(self.world, request.media_item_id)
            said = {field.name: value for field, value in request.entry.ListFields()}
            known = library_pb2.UserLog(
                id=str(uuid4()), user_id=str(current_caller().user_id), media_item_id=item.id,
                media_item=item, created_at=CREATED, updated_at=CREATED,
                **{"logged_at": CREATED} | said,
            )  # fmt: skip
            self.world.logs[known.id] = known
            if request.idempotency_key:
                self.world.keys[request.idempotency_key] = known
        return library_pb.CreateLogResponse(log=known)

    async def UpdateLog(self, request, context):
        self.world.called("UpdateLog", request)
        log = self._log(request.log_id)
        for name in request.changed:
            log.ClearField(name)
        for name in set(request.changed) & {one.name for one, _ in request.entry.ListFields()}:
            log.MergeFrom(library_pb2.UserLog(**{name: getattr(request.entry, name)}))
        return library_pb.UpdateLogResponse(log=log)

    async def DeleteLog(self, request, context):
        self.world.called("DeleteLog", request)
        del self.world.logs[self._log(request.log_id).id]
        return library_pb.DeleteLogResponse()

    async def UndoLastChange(self, request, context):
        self.world.called("UndoLastChange", request)
        if not self.world.changes:
            raise Fact(Kind.NOT_FOUND, "NOTHING_TO_UNDO", "There is nothing to undo.")
        item = self.world.changes.pop()
        del self.world.states[item.id]
        return library_pb.UndoLastChangeResponse(
            undone=f"the state of {item.title}", media_item_id=item.id
        )

    def _entry(self, item):
        logs = [log for log in self.world.logs.values() if log.media_item_id == item.id]
        entry = library_pb.LibraryItem(
            media_item=item,
            state=self.world.states.get(item.id),
            last_log=logs[-1] if logs else None,
            log_count=len(logs),
            last_activity_at=CREATED,
        )
        entry.last_log.ClearField("media_item")
        if not logs:
            entry.ClearField("last_log")
        return entry

    def _log(self, log_id):
        log = self.world.logs.get(log_id)
        if log is None or not self._is_mine(log):
            raise Fact(Kind.NOT_FOUND, "LOG_NOT_FOUND", "Log entry not found")
        return log

    def _is_mine(self, entry):
        return entry.user_id == str(current_caller().user_id)
