"""Drives curl, http.client and websockets against the Swift server, and the Swift client against websockets' server."""

import argparse
import asyncio
import http.client
import http.server
import os
import pathlib
import ssl
import subprocess
import threading

import websockets
import websockets.asyncio.client
import websockets.asyncio.server

parser = argparse.ArgumentParser()
parser.add_argument("--program", required=True)
parser.add_argument("--scratch", required=True, type=pathlib.Path)
options = parser.parse_args()
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise SystemExit(f"FAILED: {what}")


def curl(*arguments):
    result = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], capture_output=True, check=True)
    return result.stdout


def check_curl(base):
    check(curl(f"{base}/hello/curl") == b"hello curl", "curl GET")
    both = curl(f"{base}/hello/a", f"{base}/hello/b", "-w", "%{num_connects} ")
    check(both == b"hello a1 hello b0 ", "curl reuses the connection")
    check(curl("-I", f"{base}/hello/x").startswith(b"HTTP/1.1 200 OK\r\n"), "curl HEAD")
    check(curl("--http1.0", f"{base}/stream").count(b"\n") == 1000, "curl HTTP/1.0")
    check(curl(f"{base}/stream").count(b"\n") == 1000, "curl reads chunks")
    check(b"event: tick\nid: 2\ndata: 2\n\n" in curl("-N", f"{base}/events"), "curl reads events")
    large = options.scratch / "large"
    large.write_bytes(os.urandom(8 << 20))
    size = str(large.stat().st_size).encode()
    check(curl("-T", large, f"{base}/count") == size, "curl uploads with a length")
    check(curl("-T", large, "-H", "Expect: 100-continue", f"{base}/count") == size, "curl uploads after 100")
    check(curl("-T", large, "-H", "Transfer-Encoding: chunked", f"{base}/count") == size, "curl uploads chunks")
    refused = curl("--data-binary", f"@{large}", "-o", "/dev/null", "-w", "%{http_code}", f"{base}/echo")
    check(refused == b"413", "curl hears of 413 while it sends")
    methods = curl("-X", "DELETE", "-D", "-", f"{base}/echo")
    check(b"405" in methods and b"Allow: POST" in methods, "curl hears what is allowed")


def check_http_client(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(50):
        connection.request("POST", "/echo", body=f"body {number}", headers={"X-Number": str(number)})
        check(connection.getresponse().read() == f"body {number}".encode(), "http.client POST")
    connection.request("PUT", "/count", body=iter([b"a" * 1000] * 500), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    check(connection.getresponse().read() == b"500000", "http.client chunks")
    connection.request("GET", "/nothing")
    response = connection.getresponse()
    check(response.status == 404 and response.headers["Content-Type"] == "application/problem+json", "http.client 404")
    response.read()
    connection.close()


async def check_websockets_client(port):
    base = f"ws://127.0.0.1:{port}"
    async with websockets.asyncio.client.connect(
        f"{base}/socket", subprotocols=["other", "echo"], compression=None, max_size=None
    ) as socket:
        check(socket.subprotocol == "echo", "websockets subprotocol")
        for count in (0, 1, 125, 126, 65_535, 65_536, 500_000):
            payload = os.urandom(count)
            await socket.send(payload)
            check(await socket.recv() == payload, f"websockets {count} bytes")
            text = "ü" * count
            await socket.send(text)
            check(await socket.recv() == text, f"websockets {count} letters")
        await socket.send(iter(["frag", "ment", "ed"]))
        check(await socket.recv() == "fragmented", "websockets fragments")
        await (await socket.ping())
        check(True, "websockets ping")
    check(socket.close_code == 1000, "websockets close")
    async with websockets.asyncio.client.connect(f"{base}/socket") as socket:  # Offers compression.
        await socket.send("plain")
        check(await socket.recv() == "plain", "websockets without compression")
    try:
        await websockets.asyncio.client.connect(f"{base}/refused")
        check(False, "websockets refusal")
    except websockets.exceptions.InvalidStatus as error:
        check(error.response.status_code == 403 and b"Not you." in error.response.body, "websockets refusal")


async def check_websockets_server():
    async def echo(socket):
        check(socket.request.headers["Authorization"] == "Bearer x", "own fields in the upgrade")
        async for message in socket:
            await socket.send(message)

    async def run(url, authority, succeeds):
        process = await asyncio.create_subprocess_exec(
            options.program, "connect", url, authority, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL if not succeeds else None)
        check((await process.wait() == 0) == succeeds, f"Swift client to {url} with {authority}")

    certificate = str(options.scratch / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, options.scratch / "key.pem")
    serve = websockets.asyncio.server.serve
    async with (
        serve(echo, "127.0.0.1", 0, subprotocols=["echo"], max_size=None) as plain,
        serve(echo, "127.0.0.1", 0, subprotocols=["echo"], max_size=None, ssl=context) as secure,
    ):
        ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
        await run(f"ws://127.0.0.1:{ports[0]}/", certificate, True)
        await run(f"wss://localhost:{ports[1]}/", certificate, True)
        # A certificate from nobody we trust, and one for another name.
        await run(f"wss://localhost:{ports[1]}/", "/etc/ssl/certs/ca-certificates.crt", False)
        await run(f"wss://127.0.0.1:{ports[1]}/", certificate, False)


def check_https_server():
    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *arguments):
            pass

    certificate = options.scratch / "certificate.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, options.scratch / "key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]

    def fetch(host, authority):
        result = subprocess.run([options.program, "fetch", f"https://{host}:{port}/", authority], capture_output=True)
        return result.returncode, result.stdout.strip()

    check(fetch("localhost", certificate) == (0, b"hello"), "Swift client over TLS")
    check(fetch("localhost", "/etc/ssl/certs/ca-certificates.crt")[0] == 2, "a certificate from nobody we trust")
    check(fetch("127.0.0.1", certificate)[0] == 2, "a certificate for another name")
    server.shutdown()


server = subprocess.Popen([options.program, "serve"], stdout=subprocess.PIPE)
try:
    port = int(server.stdout.readline())
    check_curl(f"http://127.0.0.1:{port}")
    check_http_client(port)
    asyncio.run(check_websockets_client(port))
finally:
    server.kill()
    server.wait()
asyncio.run(check_websockets_server())
check_https_server()
print(f"{checks} passed, 0 failed")
