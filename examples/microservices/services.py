#!/usr/bin/env python3
"""Three small services on one loopback port: users, orders, stock. Prints the port, then serves until killed.

The orders service is unreachable at its first call (503), as services are; the workflow's retries deal with it.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = {
    "/users/7": {"id": 7, "name": "Ada"},
    "/orders/7": [{"article": "tea", "quantity": 2}, {"article": "pot", "quantity": 5}],
    "/stock/all": {"tea": 10, "pot": 3},
}


class Services(BaseHTTPRequestHandler):
    failed_once = False

    def do_GET(self):
        if self.path.startswith("/orders/") and not Services.failed_once:
            Services.failed_once = True
            self.answer(503, {"error": "try again"})
        elif self.path in ANSWERS:
            self.answer(200, ANSWERS[self.path])
        else:
            self.answer(404, {"error": f"nothing at {self.path}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Services)
print(server.server_port, flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
