"""Whether the servers and services of a stack answer, and if not, why."""

import http.client
import json
from dataclasses import dataclass

TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class Readiness:
    ready: bool
    reason: str = ""


def fetch(port: int, path: str) -> tuple[int, str]:
    """Return status and body of a GET on this machine; raises OSError or HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def ask_ready(port: int) -> Readiness:
    """Ask a service's ops port; a 503 names what it misses."""
    try:
        status, body = fetch(port, "/ready")
    except (OSError, http.client.HTTPException) as error:
        return Readiness(ready=False, reason=f"port {port} does not answer ({error})")
    if status == http.HTTPStatus.OK:
        return Readiness(ready=True)
    return Readiness(ready=False, reason=_reason(status, body))


def is_found(port: int, path: str) -> bool:
    try:
        return fetch(port, path)[0] == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False


def _reason(status: int, body: str) -> str:
    try:
        return f"{status} {json.dumps(json.loads(body))}"
    except ValueError:
        return f"{status} {body.strip()[:200]}"
