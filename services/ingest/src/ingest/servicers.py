"""All that ingest answers over gRPC."""

from collections.abc import Callable, Mapping
from typing import Any

from grpc.aio import Server

from common.access import services_of
from ingest.inbox.servicer import InboxServicer
from ingest.integrations.servicer import IntegrationServicer
from ingest.jobs.servicer import JobServicer
from ingest.previews.servicer import PreviewServicer
from ingest.servicer import IngestServicer
from tastebuds.ingest.v1 import (
    inbox_service_pb2,
    ingest_service_pb2,
    integration_service_pb2,
    job_service_pb2,
    preview_service_pb2,
)
from tastebuds.ingest.v1.inbox_service_pb2_grpc import add_InboxServiceServicer_to_server
from tastebuds.ingest.v1.ingest_service_pb2_grpc import add_IngestServiceServicer_to_server
from tastebuds.ingest.v1.integration_service_pb2_grpc import (
    add_IntegrationServiceServicer_to_server,
)
from tastebuds.ingest.v1.job_service_pb2_grpc import add_JobServiceServicer_to_server
from tastebuds.ingest.v1.preview_service_pb2_grpc import add_PreviewServiceServicer_to_server
from tastebuds.ops.v1 import ops_service_pb2

SERVICES = services_of(
    ingest_service_pb2.DESCRIPTOR,
    job_service_pb2.DESCRIPTOR,
    integration_service_pb2.DESCRIPTOR,
    inbox_service_pb2.DESCRIPTOR,
    preview_service_pb2.DESCRIPTOR,
    ops_service_pb2.DESCRIPTOR,
)
Servicer = IngestServicer | JobServicer | IntegrationServicer | InboxServicer | PreviewServicer
REGISTER: Mapping[type[Servicer], Callable[[Any, Server], None]] = {
    IngestServicer: add_IngestServiceServicer_to_server,
    JobServicer: add_JobServiceServicer_to_server,
    IntegrationServicer: add_IntegrationServiceServicer_to_server,
    InboxServicer: add_InboxServiceServicer_to_server,
    PreviewServicer: add_PreviewServiceServicer_to_server,
}


def register(server: Server, *servicers: Servicer) -> None:
    for servicer in servicers:
        REGISTER[type(servicer)](servicer, server)
