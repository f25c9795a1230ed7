"""Tokens of integrations: shown once, kept as a hash."""

import hashlib
from secrets import token_urlsafe

TOKEN_BYTES = 32
PREFIX_LENGTH = 8


def new_token() -> str:
    return token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> bytes:
    """SHA-256: a token has more entropy than anybody can guess, so a slow hash protects nothing."""
    return hashlib.sha256(token.encode()).digest()


def prefix_of(token: str) -> str:
    """By which a person tells tokens apart."""
    return token[:PREFIX_LENGTH]
