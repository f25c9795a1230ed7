"""Whether the servers and services of a stack answer, and if not, why."""

import http.client
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Readiness:
    ready: bool
    reason: str = ""


def ask_ready(port: int) -> Readiness:
    """Ask a service's ops port; a 503 names what it misses."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/ready")
        response = connection.getresponse()
        body = response.read(4000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return Readiness(ready=False, reason=f"port {port} does not answer ({error})")
    finally:
        connection.close()
    if response.status == http.HTTPStatus.OK:
        return Readiness(ready=True)
    return Readiness(ready=False, reason=_reason(response.status, body))


def _reason(status: int, body: str) -> str:
    try:
        return f"{status} {json.dumps(json.loads(body))}"
    except ValueError:
        return f"{status} {body.strip()[:200]}"
