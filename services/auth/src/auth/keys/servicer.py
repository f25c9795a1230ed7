"""KeyService: gRPC in, gRPC out."""

from typing import Any

from auth.keys.ring import KeyRing
from tastebuds.auth.v1 import key_service_pb2 as pb
from tastebuds.auth.v1.key_service_pb2_grpc import KeyServiceServicer


class KeyServicer(KeyServiceServicer):
    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring

    async def ListVerificationKeys(
        self,
        request: pb.ListVerificationKeysRequest,
        context: Any,
    ) -> pb.ListVerificationKeysResponse:
        """One statement."""
        keys = await self.ring.published()
        return pb.ListVerificationKeysResponse(
            keys=[pb.VerificationKey(kid=kid, public_key=raw) for kid, raw in keys]
        )
