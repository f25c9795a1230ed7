"""A program that looks like a service from outside: `/ready` on its ops port, until SIGTERM."""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if f"{PREFIX}BROKEN" in os.environ else 200)
        self.end_headers()
        self.wfile.write(b'{"missing": ["catalog"]}')

    def log_message(self, *_arguments: object) -> None:
        return


PREFIX = f"{sys.argv[1].upper()}_"
if f"{PREFIX}CRASH" in os.environ:
    sys.exit("no luck today")
host, _, port = os.environ[f"{PREFIX}OPS_LISTEN"].rpartition(":")
server = ThreadingHTTPServer((host, int(port)), Ready)
signal.signal(
    signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
)
print("listening", flush=True)  # noqa: T201 - it is its log
server.serve_forever()
server.server_close()
