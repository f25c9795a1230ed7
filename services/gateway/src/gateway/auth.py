"""Who calls: bearer token first, else cookie; and requests that another site made are refused."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase

from common import requests
from common.errors import DomainError, Kind
from common.identity import AdminRequired, Caller, InvalidToken
from gateway import cookies
from tastebuds.auth.v1.account_service_pb2 import Client

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_TOKEN = 4096
SHOWN_USER_AGENT = 255


class CrossSiteRequest(DomainError):
    kind = Kind.FORBIDDEN
    reason = "CROSS_SITE_REQUEST"

    def __init__(self) -> None:
        super().__init__("This request was made by another site.")


class OriginRequired(DomainError):
    kind = Kind.FORBIDDEN
    reason = "ORIGIN_REQUIRED"

    def __init__(self) -> None:
        super().__init__(
            "A change authenticated by cookie needs an Origin header of this site; "
            "scripts send the access token as a bearer token."
        )


class ExternalSearchNeedsAccount(DomainError):
    kind = Kind.UNAUTHENTICATED
    reason = "EXTERNAL_SEARCH_NEEDS_ACCOUNT"

    def __init__(self) -> None:
        super().__init__("Authentication required for external search")


class MissingRefreshToken(DomainError):
    kind = Kind.UNAUTHENTICATED
    reason = "MISSING_REFRESH_TOKEN"

    def __init__(self) -> None:
        super().__init__("Missing refresh token")


class _SignedIn(SecurityBase):
    """A valid access token is required."""

    scheme_name = "required"
    model = BearerModel()

    async def __call__(self, request: Request) -> Caller:
        caller = await authenticate(request)
        if caller is None:
            raise InvalidToken
        return caller


class _Administrator(_SignedIn):
    async def __call__(self, request: Request) -> Caller:
        caller = await super().__call__(request)
        if not caller.is_admin:
            raise AdminRequired
        return caller


class _PerhapsSignedIn(SecurityBase):
    """No token is anonymous; a bad one is still refused."""

    scheme_name = "optional"
    model = BearerModel()

    async def __call__(self, request: Request) -> Caller | None:
        return await authenticate(request)


signed_in = _SignedIn()
administrator = _Administrator()
perhaps_signed_in = _PerhapsSignedIn()
SignedIn = Annotated[Caller, Depends(signed_in)]
PerhapsSignedIn = Annotated[Caller | None, Depends(perhaps_signed_in)]


async def authenticate(request: Request) -> Caller | None:
    """The caller, who from here on also travels with every call to a service."""
    token = _bearer_token(request)
    if token is None:
        token = request.cookies.get(cookies.ACCESS)
        if not token:
            return None
        require_own_site(request)
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise InvalidToken
    gateway = request.app.state.gateway
    caller: Caller = await gateway.verifier.verify(token)
    gateway.memory.revocations.check(caller)
    current = requests.current.get()
    if current is not None:
        requests.current.set(replace(current, caller=caller))
    return caller


async def recognise(request: Request) -> Caller | None:
    """As `authenticate`, but a bad token is no worse than none: for signing out."""
    try:
        return await authenticate(request)
    except (InvalidToken, OriginRequired):
        return None


def refresh_token(request: Request, given: str | None) -> str:
    """The token from the body, or else from the cookie of a request of our own site."""
    if given:
        return given
    token = request.cookies.get(cookies.REFRESH)
    if not token:
        raise MissingRefreshToken
    refuse_other_sites(request)
    return token


def require_own_site(request: Request) -> None:
    """A state-changing request by cookie must say that it comes from a page of ours (CSRF).

    Browsers set Sec-Fetch-Site and, on unsafe methods, Origin by themselves; a page can forge
    neither. OWASP's cheat sheet advises to refuse a request that has none of them.
    """
    if request.method in SAFE_METHODS:
        return
    refuse_other_sites(request)
    if not {"origin", "sec-fetch-site"} & set(request.headers.keys()):
        raise OriginRequired


def refuse_other_sites(request: Request) -> None:
    """Refuse what a browser sent for a foreign page; enough where the sender learns nothing and
    can do no harm: refreshing and ending the session of the one who holds the cookies."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site in ("same-origin", "none"):
        return
    if origin is not None:
        # A sibling site ("same-site") is trusted only when it is a listed origin: another port or
        # subdomain may belong to somebody else.
        if origin in request.app.state.gateway.origins or _is_own(origin, request):
            return
        raise CrossSiteRequest
    if site not in (None, "same-site"):
        raise CrossSiteRequest


def client(request: Request) -> Client:
    """Where a sign-in comes from, for the list of sessions."""
    agent = request.headers.get("user-agent", "")
    return Client(
        address=request.app.state.gateway.surroundings.client_address(request.scope),
        user_agent="".join(filter(str.isprintable, agent))[:SHOWN_USER_AGENT],
    )


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token else None


def _is_own(origin: str, request: Request) -> bool:
    """A browser sends the Host it really talks to: a page elsewhere cannot make them agree."""
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(host) and host.lower() == request.headers.get("host", "").lower()
