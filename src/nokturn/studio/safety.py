"""Safety: what every request passes before anything else of the studio sees it.

    protect(app, settings)          # last in `create_app`; from then on the guard stands in front

A page on some other site can make a visitor's browser talk to this machine. So the name in Host
must be one of ours (another name may have been pointed here), what changes something must come from
our own page (Origin, Sec-Fetch-Site), and no answer allows another site to read it. Reached from
other machines, the studio also asks for a token, see `_entry`. What comes in is counted while it
comes: a length that a client states is only ever used against it.

Weak: whoever may run programs as this user on this machine may do all that the studio does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from urllib.parse import unquote

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nokturn.errors import UsageError
from nokturn.studio._entry import Answer, Entry
from nokturn.studio._hosts import is_loopback, is_number, is_wildcard, names
from nokturn.studio.problems import RETRY_AFTER_S
from nokturn.studio.sentences import preferred
from nokturn.studio.settings import Settings

JSON_BYTES = 1 << 20
UPLOAD_BYTES = 200 << 20
BODY_S, SLOWEST_BYTES_S = 60.0, 256 << 10  # a body may take a minute, longer if it keeps coming
STREAMS, STREAMS_A_CLIENT = 512, 64
RANGES = 16
PATH_CHARACTERS = 2000
HEADER_BYTES = 32 << 10

READS = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = READS | {"POST", "PUT", "PATCH", "DELETE"}
UPLOADS = frozenset({"/api/pieces", "/api/corpora", "/api/models"})  # more than JSON_BYTES may come
# POST, since much is sent, but nothing is changed:
READING = frozenset({
    "/api/engrave", "/api/export", "/api/jobs/lofi", "/api/lofi/euclid", "/api/lofi/section",
})  # fmt: skip

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DATA_POLICY = (  # of what is no page: whatever a file holds, opened by itself it can do nothing
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def protect(app: FastAPI, settings: Settings) -> None:
    """Put the guard in front of an application, outside of its own error handling.

    Routes may be added later, but no middleware and no handlers of exceptions.

    Raises
    ------
    UsageError
        Others can reach it and there is no token.
    """
    app.middleware_stack = Guard(app.build_middleware_stack(), settings)


class Guard:
    """The gate in front of an application; HTTP and websockets.

    Parameters
    ----------
    app
        What stands behind it.
    settings
        Where the studio listens, its token, whether it only reads.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        if not settings.token and not is_loopback(settings.host):
            raise UsageError(
                f"Others could reach a studio at {settings.host}, and it has no token.",
                "Start it with `nokturn studio`, which makes one, or listen at 127.0.0.1.",
            )
        self.streams: Counter[str] = Counter()
        self._app = app
        self._read_only = settings.read_only
        self._names = frozenset(names(settings.host))
        self._port = settings.port
        self._any_number = is_wildcard(settings.host)
        self._entry = Entry(settings.token, settings.port)
        self._checks = (
            self._method, self._heading, self._host, self._path, self._range, self._entry.answer,
            self._origin, self._change, self._length,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request itself, or let it through and dress the answer."""
        if scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run(self._app)
        elif scope["type"] == "websocket" and self.answer(scope):
            await receive()  # the wish to connect
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    def answer(self, scope: Scope) -> Answer | None:
        """Return the answer to a request that goes no further."""
        headers = Headers(scope=scope)
        return next((found for check in self._checks if (found := check(scope, headers))), None)

    def take_stream(self, client: str) -> bool:
        """Count one more stream of events; False where there are too many."""
        alone = not is_loopback(client) and self.streams[client] >= STREAMS_A_CLIENT
        if alone or self.streams.total() >= STREAMS:  # all programs here are one client
            return False
        self.streams[client] += 1
        return True

    def leave_stream(self, client: str) -> None:
        """Count one stream less."""
        self.streams[client] -= 1
        self.streams += Counter()  # forgets who has none

    def _method(self, scope: Scope, _headers: Headers) -> Answer | None:
        if _method_of(scope) in METHODS:
            return None
        allow = {"Allow": ", ".join(sorted(METHODS))}
        return Answer(405, "usage", "The studio knows no such method.", headers=allow)

    def _heading(self, scope: Scope, headers: Headers) -> Answer | None:
        size = sum(len(name) + len(value) for name, value in headers.raw)
        if size + len(scope["query_string"]) <= HEADER_BYTES:
            return None
        return Answer(431, "limit", "The headers of the request are too long.")

    def _host(self, _scope: Scope, headers: Headers) -> Answer | None:
        given = headers.getlist("host")
        if len(given) == 1 and self._is_ours(given[0].lower()):
            return None
        return Answer(
            421, "refused", "This is not an address of the studio.",
            "Another site may have been pointed at this machine.",
            "Open the address that `nokturn studio` printed; a tunnel needs the same port at both "
            "ends.",
        )  # fmt: skip

    def _is_ours(self, host: str) -> bool:
        name = host.removesuffix(f":{self._port}")
        if name == host and self._port != 80:  # the port that a browser leaves out
            return False
        # A name can be pointed at another machine, a number cannot.
        return name in self._names or (self._any_number and is_number(name))

    def _path(self, scope: Scope, _headers: Headers) -> Answer | None:
        path = scope["path"]
        twice = unquote(path)
        odd = any(c < " " or c in "\\\x7f" for c in twice) or len(path) > PATH_CHARACTERS
        up = {".", ".."} & set(twice.split("/"))
        if odd or up or not path.startswith("/") or path.startswith("//"):
            return Answer(
                404, "missing", "There is nothing here.", "", "Go back to the first page."
            )
        return None

    def _range(self, _scope: Scope, headers: Headers) -> Answer | None:
        if sum(value.count(",") + 1 for value in headers.getlist("range")) <= RANGES:
            return None
        return Answer(416, "limit", f"More than {RANGES} ranges were asked for at once.")

    def _origin(self, scope: Scope, headers: Headers) -> Answer | None:
        """Refuse what another site's page asks for.

        Its pictures and links may ask for our pages; nothing of it reaches below /api.
        """
        changes = _method_of(scope) not in READS or scope["type"] == "websocket"
        own = f"{'https' if scope['scheme'] in ('https', 'wss') else 'http'}://{headers['host']}"
        foreign = [value for value in headers.getlist("origin") if value.lower() != own.lower()]
        sites = set(headers.getlist("sec-fetch-site")) - {"same-origin", "none"}
        if (changes and (foreign or sites)) or (sites and _is_data(scope)):
            return Answer(
                403, "refused", "This did not come from the studio's own page.",
                "The browser says that another site asked for it.", "Use the studio's own page.",
            )  # fmt: skip
        return None

    def _change(self, scope: Scope, _headers: Headers) -> Answer | None:
        if not self._read_only or _method_of(scope) in READS or scope["path"] in READING:
            return None
        return Answer(
            403, "refused", "This studio only shows what it has.",
            "It was started with --read-only.", "Start it without, to make or change something.",
        )  # fmt: skip

    def _length(self, scope: Scope, headers: Headers) -> Answer | None:
        limit = limit_of(scope, headers)
        lengths = [value for value in headers.getlist("content-length") if value.isdecimal()]
        too_much = any(len(value) > 15 or int(value) > limit for value in lengths)
        return _too_much(limit) if too_much else None


class _RefusedError(Exception):
    """The application is left: the guard answers in its place."""


class _Exchange:
    """One request and its answer: what comes in is counted, what goes out gets its headers."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._scope = guard, scope
        self._receive, self._send = receive, send
        self._client = scope["client"][0] if scope.get("client") else ""
        self._limit = limit_of(scope, Headers(scope=scope))
        self._answer = guard.answer(scope)
        self._begun = asyncio.get_running_loop().time()
        self._received = 0
        self._whole = self._started = self._streams = self._ended = False
        self._first: Message | None = None
        self._told, self._gone = asyncio.Event(), asyncio.Event()

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer, or answer in its place."""
        try:
            if self._answer is None:
                await self._answered(app)
        except Exception:
            if self._answer is None or self._started:
                raise
        finally:
            if self._streams:
                self._guard.leave_stream(self._client)
        if self._answer and not self._started:
            await self._say(self._answer)

    async def _answered(self, app: ASGIApp) -> None:
        """Let the application answer, for as long as somebody waits for the answer."""
        if _method_of(self._scope) in READS:
            self._first = await self._take()
        answering = asyncio.ensure_future(app(self._scope, self._take, self._give))
        leaving = asyncio.create_task(self._left())
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not answering.done() and not self._ended:
                answering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await answering

    async def _left(self) -> None:
        """Wait until the client has gone; what it sends has all come before."""
        await self._told.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()

    async def _take(self) -> Message:
        """Return the next part of the body, and after it that the client has gone."""
        if self._first:
            first, self._first = self._first, None
            return first
        if self._whole:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        try:
            async with asyncio.timeout_at(self._begun + BODY_S + self._received / SLOWEST_BYTES_S):
                message = await self._receive()
        except TimeoutError:
            raise self._refused(_too_slow()) from None
        self._received += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._whole:
            self._told.set()
        if self._received > self._limit:
            raise self._refused(_too_much(self._limit))
        return message

    async def _give(self, message: Message) -> None:
        """Send a part of the answer on; if there is another answer by now, leave."""
        if message["type"] == "http.response.start":
            raw = message.get("headers", [])
            self._count(Headers(raw=raw))
            if self._answer:
                raise _RefusedError
            self._started = True
            message = {**message, "headers": _dressed(self._scope, raw)}
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    def _count(self, headers: Headers) -> None:
        if headers.get("content-type", "").startswith("text/event-stream"):
            self._streams = self._guard.take_stream(self._client)
            if not self._streams:
                self._answer = _too_many()

    def _refused(self, answer: Answer) -> _RefusedError:
        self._answer = answer
        return _RefusedError()

    async def _say(self, answer: Answer) -> None:
        language = preferred(Headers(scope=self._scope).get("accept-language", ""))
        body, kind = answer.body(page=not _is_data(self._scope), language=language)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}
        raw = [(key.lower().encode(), value.encode("latin-1")) for key, value in headers.items()]
        start = {"type": "http.response.start", "status": answer.status}
        await self._send({**start, "headers": _dressed(self._scope, raw)})
        await self._send({"type": "http.response.body", "body": body})


def limit_of(scope: Scope, headers: Headers) -> int:
    """Return how many bytes the body of a request may have."""
    files = headers.get("content-type", "").lower().startswith("multipart/form-data")
    return UPLOAD_BYTES if files and scope["path"] in UPLOADS else JSON_BYTES


def _dressed(scope: Scope, raw: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with those that every answer has; a route cannot weaken them."""
    headers = MutableHeaders(raw=list(raw))
    for name, value in HEADERS.items():
        headers[name] = value
    if _is_data(scope):
        headers["Content-Security-Policy"] = DATA_POLICY
        headers["Cache-Control"] = "no-store"
    else:
        headers["Content-Security-Policy"] = PAGE_POLICY
        headers.setdefault("Cache-Control", "no-cache")
    return headers.raw


def _is_data(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == "/api" or path.startswith("/api/")


def _method_of(scope: Scope) -> str:
    return str(scope.get("method", "GET"))  # a websocket has none


def _too_much(limit: int) -> Answer:
    return Answer(
        413, "limit", f"This is more than the {limit >> 20} MB that the studio takes at once.",
        fix="Send fewer or smaller files.",
    )  # fmt: skip


def _too_slow() -> Answer:
    return Answer(
        408, "limit", "The data came too slowly, so the studio stopped waiting.",
        fix="Check the connection and try again.",
    )  # fmt: skip


def _too_many() -> Answer:
    return Answer(
        503, "busy", "Too many pages are listening to the studio.",
        fix="Close some of its tabs, then try again.", headers={"Retry-After": str(RETRY_AFTER_S)},
    )  # fmt: skip
