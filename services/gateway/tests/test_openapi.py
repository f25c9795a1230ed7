import re

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validator_for

from gateway.app import create_api

PARTS = ("method", "url", "params", "json", "data")
EXEMPLIFIED = {"availability", "ingest", "integrations", "library", "media", "operations", "tags"}
METHODS = {"get", "post", "put", "patch", "delete"}


def operations(document):
    for path, methods in document["paths"].items():
        for method in METHODS & set(methods):
            yield f"{method} {path}", methods[method]


async def test_every_operation_is_described(stranger):
    document = (await stranger.get("/openapi.json")).json()
    described = dict(operations(document))
    ids = [operation["operationId"] for operation in described.values()]
    assert len(ids) == len(set(ids))
    for name, operation in described.items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        errors = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert {"500", "503"} <= set(errors), name
        for status, response in errors.items():
            (media_type,) = response["content"]
            assert media_type == "application/problem+json", (name, status)
            assert response["content"][media_type]["example"]["status"] == int(status)
    schemes = {
        scheme for o in described.values() for one in o.get("security", ()) for scheme in one
    }
    assert schemes == {"bearer", "cookie"} == set(document["components"]["securitySchemes"])
    assert {} in described["get /api/search"]["security"]
    assert {} not in described["get /api/menus"]["security"]
    assert "HTTPValidationError" not in str(document)


async def test_every_reference_leads_somewhere(stranger):
    text = (await stranger.get("/openapi.json")).text
    schemas = (await stranger.get("/openapi.json")).json()["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert references <= set(schemas)
    for name in schemas:
        validator_for({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})


async def test_examples_are_what_they_exemplify(stranger):
    document = (await stranger.get("/openapi.json")).json()
    shown = {}
    for name, operation in operations(document):
        for said in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media_type in said.get("content", {}).values():
                if "example" in media_type:
                    whole = media_type["schema"] | {"components": document["components"]}
                    validator_for(whole).validate(media_type["example"])
                elif media_type["schema"].get("type") != "string":
                    assert set(operation["tags"]).isdisjoint(EXEMPLIFIED), name
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        shown[name] = body.get("example")
    assert shown["post /api/ops/consumers/{service}/{consumer}/pause"] == {"seconds": 600}
    assert "matching" in shown["post /api/ops/dead-letters/replay"]
    assert shown["post /api/integrations/inbox/{event_id}/resolve"] == {
        "source": "tmdb", "external_id": "tv:1399"
    }  # fmt: skip


async def test_the_examples_of_orders_are_taken(running, people, ada_id):
    document = create_api(running.gateway).openapi()
    async with running.client(people.token(ada_id, roles=["admin"])) as client:
        for path in ("/api/ops/dead-letters/replay", "/api/ingest/batch"):
            body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
            answer = await client.post(path, json=body["example"])
            assert answer.status_code < 300, answer.text


async def test_it_says_where_webhooks_are_posted(stranger):
    (tag,) = (await stranger.get("/openapi.json")).json()["tags"]
    assert tag["name"] == "integrations"
    for path in (
        "/api/webhooks/{provider}/{token}",
        "/api/integrations/arr/webhook/{token}",
        "/1/submit-listens",
        "/1/validate-token",
        "docs/webhooks.md",
    ):
        assert f"`{path}`" in tag["description"]


async def test_problems_are_as_described(stranger):
    schemas = (await stranger.get("/openapi.json")).json()["components"]["schemas"]
    whole = {"$ref": "#/components/schemas/Problem", "components": {"schemas": schemas}}
    problem = validator_for(whole)
    for path in ("/nowhere", "/api/me", "/api/search?q=x", "/api/media/x"):
        problem.validate((await stranger.get(path)).json())


async def test_the_pages_need_no_other_server(stranger):
    for page in ("/docs", "/redoc"):
        answer = await stranger.get(page)
        assert answer.status_code == 200
        links = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert links
        for link in links:
            assert (await stranger.get(link)).status_code == 200
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    answer = await stranger.get("/api/search?q=wire")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_generated_requests_never_fail(running, people, ada_id, world):
    """Schemathesis makes them up from our own description."""
    schema = schemathesis.openapi.from_dict(create_api(running.gateway).openapi())
    seen = 0
    async with running.client(people.token(ada_id, roles=["admin"])) as client:
        for result in schema.get_all_operations():
            for case in examples(result.ok()):
                made = case.as_transport_kwargs(base_url=running.url)
                kept = {key: made[key] for key in PARTS if made.get(key) is not None}
                if isinstance(made.get("data"), bytes):
                    kept["content"] = kept.pop("data")
                # Ada's own token goes along instead of a made-up one.
                kept["headers"] = {
                    name: value
                    for name, value in (made.get("headers") or {}).items()
                    if name.lower() not in ("authorization", "cookie")
                }
                answer = await client.request(**kept)
                seen += 1
                assert answer.status_code < 500, (kept, answer.text)
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"
    assert seen > 200


def examples(operation):
    cases = []

    @settings(
        max_examples=8, phases=[Phase.generate], database=None, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def collect(case):
        cases.append(case)

    given(operation.as_strategy())(collect)()
    return cases


async def test_whoever_opens_the_address_alone_is_shown_the_documentation(stranger):
    answer = await stranger.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")
