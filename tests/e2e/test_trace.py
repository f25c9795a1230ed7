"""One trace id from the HTTP request through gRPC, outbox and JetStream to the consumer."""

import secrets


def services_and_names(receiver, trace_id):
    return {(span.service, span.name) for span in receiver.of_trace(trace_id)}


def services_of_roots(receiver, trace_id):
    """Of the spans whose parent is none of the trace's: the first one, and any that is cut off.

    Each service sends its spans in its own time.
    """
    spans = receiver.of_trace(trace_id)
    known = {span.span_id for span in spans}
    return [span.service for span in spans if span.parent_id not in known]


def test_a_trace_crosses_every_border(curator, receiver, eventually, world, make_menu, add_work):
    world.records["tmdb"]["movie/900001"]["overview"] = "A pilot returns."
    film = curator.post("/api/ingest/tmdb", json={"external_id": "movie:900001"}).json()
    media_id = film["media_item"]["id"]
    menu = make_menu(courses=1, items=1)
    url = f"/api/menus/{menu['id']}/courses/{menu['courses'][0]['id']}/items"
    curator.post(url, json={"media_item_id": media_id})
    world.records["tmdb"]["movie/900001"]["overview"] = "A pilot returns, changed."

    body = {"external_id": "movie:900001", "force_refresh": True}
    trace_id = secrets.token_hex(16)
    sampled = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    assert curator.post("/api/ingest/tmdb", json=body, headers=sampled).status_code == 200

    event = "tastebuds.catalog.v1.MediaItemUpserted"
    eventually(lambda: ("menus", f"consume {event}") in services_and_names(receiver, trace_id))
    eventually(
        lambda: (
            {
                ("catalog", f"publish {event}"),
                ("catalog", "/tastebuds.catalog.v1.MediaService/UpsertMedia"),
                ("ingest", "/tastebuds.ingest.v1.IngestService/IngestMedia"),
            }
            <= services_and_names(receiver, trace_id)
        )
    )
    eventually(lambda: services_of_roots(receiver, trace_id) == ["gateway"])
    eventually(lambda: "changed" in curator.get(f"/api/menus/{menu['id']}").text)
