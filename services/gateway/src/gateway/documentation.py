"""The OpenAPI document, and pages that show it without asking another server."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse, RedirectResponse

from gateway import examples
from gateway.schemas.problem import Problem

ASSETS = "/docs/assets"
DESCRIPTION = """\
Tasting menus of books, films, series, games and music.

Sign in with `POST /api/auth/login`; send the access token as `Authorization: Bearer …` or let the
cookies do it, which takes an `Origin` of this site for everything that changes something.
Errors are problem details (RFC 9457): show `detail`, decide by `reason`. Lists are bounded: follow
the `Link` header. Times are UTC.
"""
WEBHOOKS = """\
What may send events to your account, and the inbox of what was sent.

Webhooks are not posted to this API but to a door of their own, whose whole address is shown once
when a token is made: `POST` or `PUT` there on `/api/webhooks/{provider}/{token}`, for Radarr,
Sonarr, Lidarr and Readarr also on `/api/integrations/arr/webhook/{token}`. Clients of ListenBrainz
use `/1/submit-listens` and `/1/validate-token` with `Authorization: Token …`. The door keeps what
it is sent and answers at once; what became of it stands in the inbox. `docs/webhooks.md` of the
source says how each sender is set up and what its events do.
"""
TAGS = [{"name": "integrations", "description": WEBHOOKS}]
SHARED = {
    "401": "No valid access token",
    "403": "By cookie, but not from a page of this site",
    "413": "The body is too long",
    "415": "The body is not JSON",
    "422": "The request has not the right shape",
    "500": "Something went wrong on our side",
    "503": "A service does not answer right now; Retry-After says when to try again",
}
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "access_token"},
}
EITHER: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
METHODS = ("get", "post", "put", "patch", "delete")


def problems(described: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """The error answers of an operation beyond those that every operation may give."""
    return {status: {"description": text} for status, text in described.items()}


def install(app: FastAPI) -> None:
    """Swagger UI and ReDoc from the files that fastapi-offline carries: no CDN is needed."""
    app.mount(ASSETS, StaticFiles(packages=[("fastapi_offline", "static")]))

    async def swagger() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
        )

    async def redoc() -> HTMLResponse:
        return get_redoc_html(
            openapi_url="/openapi.json",
            title=app.title,
            redoc_js_url=f"{ASSETS}/redoc.standalone.js",
            redoc_favicon_url=f"{ASSETS}/favicon.png",
            with_google_fonts=False,
        )

    async def welcome() -> RedirectResponse:
        return RedirectResponse("/docs")

    app.add_api_route("/", welcome, include_in_schema=False)
    app.add_api_route("/docs", swagger, include_in_schema=False)
    app.add_api_route("/redoc", redoc, include_in_schema=False)
    app.openapi = _document(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _document(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    return document


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for path in document["paths"].values():
        for method in METHODS:
            if method in path:
                _complete(method, path[method])
                _exemplify(path[method], schemas)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Security alternatives, and a problem body for each error answer."""
    needs = {name for one in operation.get("security", ()) for name in one}
    if needs:
        operation["security"] = [{}, *EITHER] if needs == {"optional"} else EITHER
    statuses = ["500", "503"]
    if "requestBody" in operation:
        statuses += ["413", "415", "422"]
    elif operation.get("parameters"):
        statuses.append("422")
    if needs:
        statuses += ["401"] if method == "get" else ["401", "403"]
    responses = operation["responses"]
    for status in statuses:
        if status not in responses or "HTTPValidationError" in str(responses[status]):
            responses[status] = {"description": SHARED[status]}
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": _example(int(status), response["description"]),
                }
            }


def _exemplify(operation: dict[str, Any], schemas: examples.Schemas) -> None:
    """Bodies, and answers that are no errors."""
    for spoken in (operation.get("requestBody", {}), *operation["responses"].values()):
        examples.add(spoken.get("content", {}), schemas)


def _example(status: int, description: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": description,
        "instance": "/api/menus",
        "reason": HTTPStatus(status).name,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
