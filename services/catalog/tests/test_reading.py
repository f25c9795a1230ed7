from uuid import uuid4

import grpc
import pytest

from common.grpc_errors import from_rpc_error
from tastebuds.catalog.v1.media_pb2 import MediaItem
from tastebuds.catalog.v1.media_service_pb2 import (
    BatchGetMediaRequest,
    ClaimStaleMediaRequest,
    CreateManualMediaRequest,
    FindMediaBySourceRequest,
    GetMediaRequest,
    MatchMediaRequest,
    OverrideMediaRequest,
)
from tastebuds.catalog.v1.media_service_pb2_grpc import MediaServiceStub
from tastebuds.catalog.v1.merge_service_pb2 import MergeMediaRequest
from tastebuds.catalog.v1.merge_service_pb2_grpc import MergeServiceStub
from tastebuds.catalog.v1.search_service_pb2 import SearchMediaRequest
from tastebuds.catalog.v1.search_service_pb2_grpc import SearchServiceStub

from . import works
from .works import DUNE, upsert


async def test_an_unknown_work_is_not_found(gateway):
    with pytest.raises(grpc.aio.AioRpcError) as missing:
        await gateway.GetMedia(GetMediaRequest(media_item_id=str(uuid4())))
    assert missing.value.code() is grpc.StatusCode.NOT_FOUND
    assert missing.value.details() == "Media item not found"
    assert from_rpc_error(missing.value).reason == "MEDIA_ITEM_NOT_FOUND"


async def test_an_id_that_is_none_is_refused(gateway):
    for call in (
        gateway.GetMedia(GetMediaRequest(media_item_id="zz")),
        gateway.BatchGetMedia(BatchGetMediaRequest(media_item_ids=["zz"])),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call
        assert from_rpc_error(refused.value).reason == "INVALID_ID"


async def test_many_come_in_the_order_asked(ingest, gateway, statements):
    ids = [
        (await ingest.UpsertMedia(upsert(item, str(number)))).item.id
        for number, item in enumerate(
            [DUNE, works.MATRIX, works.OUTER_WILDS, works.GYMNOPEDIE, works.book("Emma")]
        )
    ]
    asked = [ids[3], str(uuid4()), ids[0], ids[4], ids[3], ids[1], ids[2]]
    statements()
    reply = await gateway.BatchGetMedia(BatchGetMediaRequest(media_item_ids=asked))
    assert statements() == 1
    assert [item.id for item in reply.items] == [ids[3], ids[0], ids[4], ids[1], ids[2]]
    assert reply.items[1].book == DUNE.book
    assert reply.items[0].music == works.GYMNOPEDIE.music
    assert not (await gateway.BatchGetMedia(BatchGetMediaRequest())).items


async def test_no_more_than_five_hundred(gateway):
    ids = [str(uuid4()) for _ in range(501)]
    assert not (await gateway.BatchGetMedia(BatchGetMediaRequest(media_item_ids=ids[1:]))).items
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.BatchGetMedia(BatchGetMediaRequest(media_item_ids=ids))
    assert from_rpc_error(refused.value).reason == "TOO_MANY"


CALLERS = {
    "UpsertMedia": {"ingest"},
    "CreateManualMedia": {"gateway"},
    "GetMedia": {"gateway", "ingest"},
    "BatchGetMedia": {"gateway", "ingest", "menus"},
    "FindMediaBySource": {"ingest"},
    "MatchMedia": {"ingest"},
    "OverrideMedia": {"gateway"},
    "ClaimStaleMedia": {"ingest"},
    "MergeMedia": {"gateway"},
    "SearchMedia": {"gateway"},
}


@pytest.mark.parametrize("caller", ["gateway", "ingest", "menus", "auth"])
async def test_only_those_named_may_call(connect, database, people, caller):
    channel = connect(caller)
    media, search = MediaServiceStub(channel), SearchServiceStub(channel)
    merging = MergeServiceStub(channel)
    calls = {
        "UpsertMedia": (media.UpsertMedia, upsert(DUNE)),
        "CreateManualMedia": (
            media.CreateManualMedia,
            CreateManualMediaRequest(item=works.book("Emma")),
        ),
        "GetMedia": (media.GetMedia, GetMediaRequest(media_item_id=str(uuid4()))),
        "BatchGetMedia": (media.BatchGetMedia, BatchGetMediaRequest()),
        "FindMediaBySource": (media.FindMediaBySource, FindMediaBySourceRequest()),
        "MatchMedia": (media.MatchMedia, MatchMediaRequest()),
        "OverrideMedia": (media.OverrideMedia, OverrideMediaRequest()),
        "ClaimStaleMedia": (media.ClaimStaleMedia, ClaimStaleMediaRequest()),
        "MergeMedia": (merging.MergeMedia, MergeMediaRequest()),
        "SearchMedia": (search.SearchMedia, SearchMediaRequest(query="dune")),
    }
    for name, (method, request) in calls.items():
        code = grpc.StatusCode.OK
        try:
            await method(request, metadata=people.metadata(uuid4(), ["admin"]))
        except grpc.aio.AioRpcError as error:
            code = error.code()
        denied = code is grpc.StatusCode.PERMISSION_DENIED
        assert denied is (caller not in CALLERS[name]), name


async def test_an_entry_needs_a_person(gateway):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await gateway.CreateManualMedia(CreateManualMediaRequest(item=MediaItem()))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
