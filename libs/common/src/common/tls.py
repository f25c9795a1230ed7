"""Mutual TLS between services: one folder with ca.pem, cert.pem and key.pem per service."""

from pathlib import Path

import grpc


def server_credentials(folder: Path) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(_read(folder, "key.pem"), _read(folder, "cert.pem"))],
        root_certificates=_read(folder, "ca.pem"),
        require_client_auth=True,
    )


def channel_credentials(folder: Path) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        root_certificates=_read(folder, "ca.pem"),
        private_key=_read(folder, "key.pem"),
        certificate_chain=_read(folder, "cert.pem"),
    )


def _read(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()
