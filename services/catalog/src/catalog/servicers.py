"""All that the catalogue answers over gRPC."""

from collections.abc import Callable, Mapping
from typing import Any

from grpc.aio import Server

from catalog.availability.servicer import AvailabilityServicer
from catalog.library.servicer import LibraryServicer
from catalog.media.servicer import MediaServicer
from catalog.merging.servicer import MergeServicer
from catalog.search.servicer import SearchServicer
from catalog.tags.servicer import TagServicer
from catalog.taste.servicer import TasteServicer
from common.access import services_of
from tastebuds.catalog.v1 import (
    availability_service_pb2,
    library_service_pb2,
    media_service_pb2,
    merge_service_pb2,
    search_service_pb2,
    tag_service_pb2,
    taste_service_pb2,
)
from tastebuds.catalog.v1.availability_service_pb2_grpc import (
    add_AvailabilityServiceServicer_to_server,
)
from tastebuds.catalog.v1.library_service_pb2_grpc import add_LibraryServiceServicer_to_server
from tastebuds.catalog.v1.media_service_pb2_grpc import add_MediaServiceServicer_to_server
from tastebuds.catalog.v1.merge_service_pb2_grpc import add_MergeServiceServicer_to_server
from tastebuds.catalog.v1.search_service_pb2_grpc import add_SearchServiceServicer_to_server
from tastebuds.catalog.v1.tag_service_pb2_grpc import add_TagServiceServicer_to_server
from tastebuds.catalog.v1.taste_service_pb2_grpc import add_TasteServiceServicer_to_server
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(
    availability_service_pb2.DESCRIPTOR,
    library_service_pb2.DESCRIPTOR,
    media_service_pb2.DESCRIPTOR,
    merge_service_pb2.DESCRIPTOR,
    search_service_pb2.DESCRIPTOR,
    tag_service_pb2.DESCRIPTOR,
    taste_service_pb2.DESCRIPTOR,
    ops_service_pb2.DESCRIPTOR,
)
Servicer = (
    AvailabilityServicer
    | LibraryServicer
    | MediaServicer
    | MergeServicer
    | SearchServicer
    | TagServicer
    | TasteServicer
)
REGISTER: Mapping[type[Servicer], Callable[[Any, Server], None]] = {
    AvailabilityServicer: add_AvailabilityServiceServicer_to_server,
    LibraryServicer: add_LibraryServiceServicer_to_server,
    MediaServicer: add_MediaServiceServicer_to_server,
    MergeServicer: add_MergeServiceServicer_to_server,
    SearchServicer: add_SearchServiceServicer_to_server,
    TagServicer: add_TagServiceServicer_to_server,
    TasteServicer: add_TasteServiceServicer_to_server,
}


def register(server: Server, *servicers: Servicer) -> None:
    for servicer in servicers:
        REGISTER[type(servicer)](servicer, server)
