"""The two session cookies."""

import math
import time

from fastapi import Request
from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from tastebuds.auth.v1.account_service_pb2 import Tokens

ACCESS = "access_token"
REFRESH = "refresh_token"
# Two tabs refreshed at the same time: the other one was given new cookies, which must live.
JUST_USED = "REFRESH_TOKEN_JUST_USED"


def keep(request: Request, response: Response, tokens: Tokens) -> None:
    _set(request, response, ACCESS, tokens.access_token, tokens.access_expires_at)
    _set(request, response, REFRESH, tokens.refresh_token, tokens.refresh_expires_at)


def drop(request: Request, response: Response) -> None:
    secure = _is_https(request)
    for name in (ACCESS, REFRESH):
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def drop_when_refused(request: Request, *statuses: int) -> None:
    """Have an error answer with one of these statuses clear the cookies too."""
    request.state.drop_cookies_on = statuses


def drop_if_refused(request: Request, response: Response, reason: str) -> None:
    if reason != JUST_USED and response.status_code in getattr(
        request.state, "drop_cookies_on", ()
    ):
        drop(request, response)


def _set(
    request: Request, response: Response, name: str, value: str, expires_at: Timestamp
) -> None:
    response.set_cookie(
        name,
        value,
        # Up: the moments since it was issued are no reason to forget a token a second early.
        max_age=max(0, math.ceil(expires_at.ToNanoseconds() / 1e9 - time.time())),
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )


def _is_https(request: Request) -> bool:
    return bool(request.app.state.gateway.surroundings.is_https(request.scope))
