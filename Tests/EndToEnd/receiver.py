"""Somebody's server that takes webhooks, as such people write it: with Python's own HTTP and HMAC."""

import base64
import hashlib
import hmac
import http.server
import json
import threading


class Receiver:
    """Acknowledges what it was sent, unless told to refuse; keeps all deliveries in their order."""

    def __init__(self):
        self.deliveries = []
        self.refusals = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refuse = receiver.refusals > 0
                receiver.refusals -= refuse
                if not refuse:
                    receiver.deliveries.append((dict(self.headers.items()), body))
                self.send_response(503 if refuse else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()

    def sequences(self) -> list:
        return [json.loads(body)["sequence"] for _, body in self.deliveries]

    def messages(self) -> list:
        """Each message once, whatever was sent again."""
        known = {}
        for headers, body in self.deliveries:
            known.setdefault(headers["webhook-id"], json.loads(body))
        return list(known.values())

    def check_signatures(self, secret: str):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        for headers, body in self.deliveries:
            signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.'.encode() + body
            wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            assert hmac.compare_digest(wanted, headers["webhook-signature"]), headers
            message = json.loads(body)
            assert headers["webhook-sequence"] == str(message["sequence"]) and headers["webhook-id"] == message["id"]
