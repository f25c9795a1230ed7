"""Bounded lists: the next part is offered in the Link header (RFC 8288)."""

from urllib.parse import urlencode

from fastapi import Request, Response


def offer_next(request: Request, response: Response, cursor: str) -> None:
    """A reference relative to the request, so that no Host header has to be believed."""
    if not cursor:
        return
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    query = urlencode([*kept, ("cursor", cursor)])
    response.headers["Link"] = f'<{request.scope["path"]}?{query}>; rel="next"'
