"""What tests of the studio share: requests exactly as they are written, and all routes."""

import asyncio
import http.client
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import unquote

HOST = "127.0.0.1:8765"
SECONDS = 60
READS = {"GET", "HEAD", "OPTIONS"}


class Asked:
    """An answer: status, headers, body."""

    def __init__(self, messages):
        start = next(m for m in messages if m["type"] == "http.response.start")
        self.status = start["status"]
        self.headers = {k.decode(): v.decode("latin-1") for k, v in start["headers"]}
        self.body = b"".join(m.get("body", b"") for m in messages[1:])

    @property
    def error(self):
        return json.loads(self.body)["error"]


async def ask_async(app, method, path, headers=(), chunks=(), *, receive=None, sent=None, **more):
    """Send a request exactly as it is written; no client tidies it up.

    ``receive`` takes the place of ``chunks``; ``sent`` is filled even where the application raises.
    """
    sent = [] if sent is None else sent

    async def send(message):
        sent.append(message)

    await app(scope_of(method, path, headers, **more), receive or body_of(chunks), send)
    return Asked(sent)


def ask(app, *request, **more):
    return asyncio.run(ask_async(app, *request, **more))


def connect(app, headers):
    """Ask for a websocket; return what comes back."""
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    scope = scope_of("GET", "/", headers) | {"type": "websocket", "scheme": "ws"}
    del scope["method"]
    asyncio.run(app(scope, receive, send))
    return sent


def scope_of(method, path, headers=(), *, client="127.0.0.1"):
    """Return a request as the server hands it on."""
    raw, _, query = path.partition("?")
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.insert(0, ("Host", HOST))
    return {
        "type": "http", "method": method, "path": unquote(raw), "raw_path": raw.encode("latin-1"),
        "query_string": query.encode("latin-1"), "root_path": "", "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 8765), "client": (client, 40000),
        "asgi": {"version": "3.0", "spec_version": "2.3"}, "state": {},
        "headers": [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in pairs],
    }  # fmt: skip


def body_of(chunks):
    """Return what gives a body in parts, then nothing for ever."""
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in chunks]
    parts.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive():
        if not parts:
            await asyncio.sleep(3600)
        return parts.pop(0)

    return receive


def addresses(app):
    """Yield method and path of every route, with its parameters, as the router has them."""
    for route, path in routes_of(app.routes):
        for method in sorted(route.methods):
            yield method, path


def routes_of(routes, prefix=""):
    """Yield each route and its whole path; FastAPI keeps included routers as they are."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included:
            yield from routes_of(included.routes, prefix + route.include_context.prefix)
        elif getattr(route, "methods", None):
            yield route, prefix + route.path


def filled(path, value="7f3a9c21b0aa"):
    """Return the path of a route with a value for each of its parameters."""
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


@contextmanager
def studio(folder, *options):
    """Start a studio in a process of its own; its address is known, whether or not it answers."""
    environment = os.environ | {"NOKTURN_HOME": str(folder / "home"), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "nokturn", "studio", "--no-open", "--port", "0", *options]
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [*command, "--library", str(folder / "library")],
            stdout=subprocess.PIPE, stderr=said, env=environment, text=True,
        )  # fmt: skip
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def connected(address, seconds=SECONDS):
    host, port = re.match(r"http://(.+):(\d+)/", address).groups()
    return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=seconds)


def asked(address, method, path, headers=None, body=None):
    connection = connected(address)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    try:
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()
