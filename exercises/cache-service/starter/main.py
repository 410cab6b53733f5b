"""A cache service. It listens, reads requests and sends answers; what they mean is yours to write, in `answer`."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def answer(method, path, body):
    """The status, the headers and the body (plain data) that a request is answered with.

    `path` is as it stands in the request, with its query; `body` is bytes.
    """
    if path == "/health":
        return 200, {}, {"status": "healthy", "redis": "connected", "memory_usage": "0%"}
    return 501, {}, {"error": "Not written yet"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, data = answer(self.command, self.path, body)
        sent = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_PUT = do_POST = do_DELETE = serve

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    # The grader chooses the port.
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
