"""Verification keys, asked of auth. The only contract that the shared library knows."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from grpc.aio import AioRpcError, Channel

from common.grpc_errors import from_rpc_error
from common.identity import FetchKeys
from common.requests import onward
from tastebuds.auth.v1.key_service_pb2 import ListVerificationKeysRequest
from tastebuds.auth.v1.key_service_pb2_grpc import KeyServiceStub


def from_auth(channel: Channel) -> FetchKeys:
    stub = KeyServiceStub(channel)

    async def fetch() -> Mapping[str, Ed25519PublicKey]:
        try:
            reply = await stub.ListVerificationKeys(ListVerificationKeysRequest(), **onward())
        except AioRpcError as error:
            raise from_rpc_error(error) or error from error
        return {key.kid: Ed25519PublicKey.from_public_bytes(key.public_key) for key in reply.keys}

    return fetch
