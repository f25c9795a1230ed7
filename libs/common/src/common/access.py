"""Who may call an RPC, read from the contract itself (the option tastebuds.rpc.v1.access)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from tastebuds.rpc.v1.access_pb2 import PERSON_ADMIN, PERSON_OPTIONAL, PERSON_REQUIRED
from tastebuds.rpc.v1.access_pb2 import access as access_option


@dataclass(frozen=True, slots=True)
class Rule:
    callers: frozenset[str]
    reads_person: bool
    needs_person: bool
    needs_admin: bool


def services_of(*files: FileDescriptor) -> list[ServiceDescriptor]:
    """Every service that these files of the contract declare."""
    return [service for file in files for service in file.services_by_name.values()]


def rules_of(services: Iterable[ServiceDescriptor]) -> dict[str, Rule]:
    """The rule of every RPC, by its path; an RPC without the option may be called by nobody."""
    rules = {}
    for service in services:
        for method in service.methods:
            option = method.GetOptions().Extensions[access_option]
            rules[f"/{service.full_name}/{method.name}"] = Rule(
                callers=frozenset(option.callers),
                reads_person=option.person in (PERSON_OPTIONAL, PERSON_REQUIRED, PERSON_ADMIN),
                needs_person=option.person in (PERSON_REQUIRED, PERSON_ADMIN),
                needs_admin=option.person == PERSON_ADMIN,
            )
    return rules


def repeatable_methods(services: Iterable[ServiceDescriptor]) -> list[Mapping[str, str]]:
    """The RPCs that may be sent again when no answer came, as a gRPC service config names them."""
    return [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if method.GetOptions().idempotency_level
        in (MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT)
    ]
