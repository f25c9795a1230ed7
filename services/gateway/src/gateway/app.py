"""The application: routes in the framework, and what stands before it."""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.middleware.cors import CORSMiddleware

from common import telemetry
from gateway import documentation, problems
from gateway.asgi import Application, BodyLimit, Door
from gateway.public_menus import PublicMenuDoor
from gateway.routes import (
    arr_queue,
    auth,
    availability,
    courses,
    health,
    inbox,
    ingest,
    integrations,
    jobs,
    keys,
    library,
    logs,
    me,
    media,
    menus,
    merges,
    ops,
    previews,
    public,
    search,
    tags,
    taste,
    webhooks,
)
from gateway.settings import Settings
from gateway.state import Gateway

# Tried one after the other: what is asked for most stands first.
ROUTERS = (
    me.router,
    search.router,
    menus.router,
    courses.router,
    library.router,
    logs.router,
    taste.router,
    tags.router,
    previews.router,
    media.router,
    availability.router,
    jobs.router,
    ingest.router,
    arr_queue.router,
    inbox.router,
    integrations.router,
    public.router,
    auth.router,
    health.router,
    keys.router,
    ops.router,
    merges.router,
    webhooks.router,
)
PREFLIGHT_SECONDS = 600
READABLE_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "X-Request-Id",
)


def create_api(gateway: Gateway) -> FastAPI:
    api = FastAPI(
        title="Tastebuds",
        version="1",
        docs_url=None,
        redoc_url=None,
        # A redirect would be built from the Host header.
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # Traces are made outside, and only when they are wanted.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api.state.gateway = gateway
    for router in ROUTERS:
        api.include_router(router)
    api.state.routes = [
        route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)
    ]
    documentation.install(api)
    problems.install(api)
    return api


def create_app(settings: Settings, gateway: Gateway) -> Application:
    """Outermost first: warm menus, ids and headers, other origins, body size, trace, routes."""
    app: Application = create_api(gateway)
    if telemetry.is_tracing():
        app = OpenTelemetryMiddleware(app, exclude_spans=["send", "receive"])
    app = BodyLimit(app, settings.max_body_bytes)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=READABLE_HEADERS,
            max_age=PREFLIGHT_SECONDS,
        )
    return PublicMenuDoor(Door(app), gateway.memory.public_menus)
