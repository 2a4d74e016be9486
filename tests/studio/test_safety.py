"""What every request must pass: host, origin, token, limits; and the headers of every answer."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from wire import HOST, READS, Asked, addresses, ask, ask_async, connect, filled

from nokturn.errors import UsageError
from nokturn.studio import safety
from nokturn.studio.app import create_app
from nokturn.studio.safety import Guard, protect
from nokturn.studio.settings import Settings

OWN = f"http://{HOST}"
TOKEN = "correct-horse-battery-staple-0123456789abcdef"


def small_app(**settings):
    """An application of a few routes behind the guard."""
    app = FastAPI()
    app.state.reached = []

    @app.get("/")
    @app.get("/page/{name:path}")
    async def page(request: Request):
        app.state.reached.append(request.url.path)
        return Response("page", media_type="text/html")

    @app.get("/api/thing")
    async def thing():
        app.state.reached.append("thing")
        return {"ok": True}

    @app.post("/api/thing")
    async def change(request: Request):
        app.state.reached.append("change")
        return {"bytes": len(await request.body())}

    @app.post("/api/pieces")
    async def upload(request: Request):
        size = 0
        async for part in request.stream():
            size += len(part)
        return {"bytes": size}

    @app.post("/api/export")
    async def export():
        return {"ok": True}

    @app.post("/api/typed")
    async def typed(numbers: list[int]):
        return {"sum": sum(numbers)}

    @app.get("/api/events")
    async def events():
        async def stream():
            yield b"data: 1\n\n"
            app.state.listening += 1
            await asyncio.sleep(app.state.patience)

        return StreamingResponse(stream(), media_type="text/event-stream")

    @app.get("/api/weak")
    async def weak():
        return Response("x", headers={"Content-Security-Policy": "none", "Cache-Control": "public"})

    @app.get("/api/broken")
    async def broken():
        raise ValueError("a bug")

    app.state.patience = app.state.listening = 0
    protect(app, Settings(**settings))
    return app


# --- the host


OURS = ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:8765"]
FOREIGN = [
    "evil.com", "evil.com:8765", "127.0.0.1.evil.com:8765", "127.0.0.1@evil.com:8765",
    "localhost.evil.com:8765", "evil-localhost:8765", "localhost", "127.0.0.1", "[::1]",
    "127.0.0.1:80", "127.0.0.1:8766", "localhost:08765", "127.0.0.1:8765:8765", "127.0.0.1:8765.",
    "localhost.:8765", "127.1:8765", "2130706433:8765", "0x7f.0.0.1:8765", "0.0.0.0:8765",
    "192.168.1.5:8765", "[::ffff:127.0.0.1]:8765", "[::]:8765", "::1:8765", "::1", "", " ", ":8765",
    "127.0.0.1:8765, evil.com", "127.0.0.1:8765/evil", "user:pw@localhost:8765", "*",
    "127.0.0.1:8765\x00evil.com", "null",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
@pytest.mark.parametrize("path", ["/", "/api/thing"])
def test_our_own_names_are_let_through(host, path):
    assert ask(small_app(), "GET", path, {"Host": host}).status == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/api/thing", "/nothing"])
def test_other_names_are_refused_before_any_route(host, path):
    app = small_app()
    answer = ask(app, "GET", path, {"Host": host})
    assert (answer.status, app.state.reached) == (421, [])


@pytest.mark.parametrize("host", FOREIGN)
def test_websockets_of_other_names_are_refused(host):
    sent = connect(small_app(), {"Host": host})
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("hosts", [[], [HOST, HOST], [HOST, "evil.com"]], ids=["0", "same", "two"])
def test_there_is_one_host(hosts):
    app = small_app()
    scope_headers = [("Host", host) for host in hosts] or [("X-Host", HOST), ("host", "")]
    assert ask(app, "GET", "/api/thing", scope_headers).status == 421


@pytest.mark.parametrize(
    ("listens", "host", "status"),
    [
        ("192.168.1.5", "192.168.1.5:8765", 200),
        ("192.168.1.5", "localhost:8765", 200),
        ("192.168.1.5", "192.168.1.6:8765", 421),
        ("studio.lan", "studio.lan:8765", 200),
        ("studio.lan", "evil.com:8765", 421),
        ("fe80::5", "[fe80::5]:8765", 200),
        ("0.0.0.0", "192.168.1.6:8765", 200),
        ("0.0.0.0", "[fe80::5]:8765", 200),
        ("0.0.0.0", "fe80::5:8765", 421),
        ("0.0.0.0", "evil.com:8765", 421),
        ("0.0.0.0", "192.168.1.6:80", 421),
        ("::", "10.0.0.1:8765", 200),
    ],
)
def test_a_studio_for_others_has_its_own_names(listens, host, status):
    app = small_app(host=listens, token=TOKEN)
    headers = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
    assert ask(app, "GET", "/api/thing", headers).status == status


def test_port_80_goes_without_saying():
    app = small_app(port=80)
    assert ask(app, "GET", "/api/thing", {"Host": "localhost"}).status == 200
    assert ask(app, "GET", "/api/thing", {"Host": "localhost:80"}).status == 200
    assert ask(app, "GET", "/api/thing", {"Host": "evil.com"}).status == 421


# --- the origin


FINE = [
    {},
    {"Origin": OWN},
    {"Origin": OWN, "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]
CROSS = [
    {"Origin": origin}
    for origin in [
        "null", "http://evil.com", "https://evil.com", "http://evil.com:8765", "", "*",
        f"https://{HOST}", "http://127.0.0.1", "http://127.0.0.1:8766", "http://localhost:8765",
        "http://[::1]:8765", f"{OWN}/", f"{OWN}.evil.com", f"{OWN}@evil.com", f"{OWN} {OWN}",
        f"{OWN}, http://evil.com", "file://", "chrome-extension://abcdef", "data:", HOST,
        "ws://127.0.0.1:8765", f" {OWN}x",
    ]
] + [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "Same-Origin, cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    {"Sec-Fetch-Site": "same-site", "Origin": OWN},
    {"Sec-Fetch-Site": "none", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.com"},
]  # fmt: skip


def label(headers):
    return " ".join(f"{name}:{value or 'empty'}" for name, value in headers.items()) or "nothing"


@pytest.mark.parametrize("headers", FINE, ids=label)
def test_our_own_page_and_programs_may_change_things(headers):
    assert ask(small_app(), "POST", "/api/thing", headers).status == 200


def test_two_origins_are_one_too_many():
    headers = [("Origin", OWN), ("Origin", "http://evil.com")]
    assert ask(small_app(), "POST", "/api/thing", headers).status == 403


def whole_app(tmp_path, **settings):
    return create_app(Settings(library=tmp_path / "library", **settings))


def test_the_router_is_read_whole(tmp_path):
    app = whole_app(tmp_path)
    found = set(addresses(app))
    told = app.openapi()["paths"].items()
    assert {(method.upper(), path) for path, methods in told for method in methods} <= found
    assert {("GET", "/api/health"), ("POST", "/api/jobs/generate"), ("GET", "/")} <= found


@pytest.mark.parametrize("headers", CROSS, ids=label)
def test_nothing_is_changed_for_another_site(tmp_path, headers):
    app = whole_app(tmp_path)
    wrong = [
        (method, path)
        for method, path in addresses(app)
        if method not in READS and ask(app, method, filled(path), headers).status != 403
    ]
    assert not wrong


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nothing_below_api_is_read_by_another_site(tmp_path, site):
    app = whole_app(tmp_path)
    for method, path in addresses(app):
        if path.startswith("/api"):
            assert ask(app, method, filled(path), {"Sec-Fetch-Site": site}).status == 403


def test_a_link_on_another_site_may_lead_here():
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ask(small_app(), "GET", "/", headers).status == 200


@pytest.mark.parametrize("headers", CROSS, ids=label)
def test_websockets_of_another_site_are_refused(headers):
    sent = connect(small_app(), headers)
    assert sent == [{"type": "websocket.close", "code": 1008}]


# --- headers


FROM_EVERYWHERE = [
    ("GET", "/", {}),
    ("GET", "/nothing", {}),
    ("GET", "/api/thing", {}),
    ("GET", "/api/weak", {}),
    ("GET", "/api/nothing", {}),
    ("PUT", "/api/thing", {}),
    ("POST", "/api/typed", {}),
    ("OPTIONS", "/api/thing", {"Origin": "http://evil.com"}),
    ("GET", "/api/thing", {"Host": "evil.com"}),
    ("GET", "/", {"Host": "evil.com"}),
    ("GET", "/api/thing", {"Origin": "http://evil.com"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), FROM_EVERYWHERE)
def test_every_answer_is_dressed(method, path, headers):
    answer = ask(small_app(), method, path, headers).headers
    assert not [name for name in answer if name.startswith("access-control")]
    assert answer["x-content-type-options"] == "nosniff"
    assert answer["referrer-policy"] == "no-referrer"
    assert answer["cross-origin-opener-policy"] == "same-origin"
    assert answer["cross-origin-resource-policy"] == "same-origin"
    data = path.startswith("/api")
    policy = answer["content-security-policy"]
    assert policy.startswith("default-src 'none'" if data else "default-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["cache-control"] == ("no-store" if data else "no-cache")


def test_a_bug_is_dressed_too():
    sent = []
    with pytest.raises(ValueError, match="a bug"):
        ask(small_app(), "GET", "/api/broken", sent=sent)
    assert Asked(sent).status == 500
    assert Asked(sent).headers["x-content-type-options"] == "nosniff"


# --- methods, paths, ranges


@pytest.mark.parametrize(
    "method", ["TRACE", "CONNECT", "PROPFIND", "get", "GE T", "BREW", "X" * 99]
)
def test_unknown_methods_are_refused(method):
    answer = ask(small_app(), method, "/api/thing")
    assert answer.status == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/page/../../etc/passwd", "/page/%2e%2e/x", "/page/..%2fx", "/page/%252e%252e%252fx",
        "/page/a%00b", "/page/a%0ab", "/page/a%5c..%5cb", "/page/a%255cb", "//evil.com/",
        "/page/./x", "page", "", "/page/" + "x" * 3000, "http://evil.com/page/x",
    ],
)  # fmt: skip
def test_odd_paths_lead_nowhere(path):
    app = small_app()
    assert (ask(app, "GET", path).status, app.state.reached) == (404, [])


@pytest.mark.parametrize("path", ["/page/a..b", "/page/...", "/page/x%25y", "/page/%C5%BCurek"])
def test_plain_paths_lead_on(path):
    assert ask(small_app(), "GET", path).status == 200


@pytest.mark.parametrize(("ranges", "status"), [(1, 200), (16, 200), (17, 416), (2000, 416)])
def test_many_ranges_are_too_many(ranges, status):
    value = "bytes=" + ",".join(f"{i}-{i}" for i in range(ranges))
    assert ask(small_app(), "GET", "/api/thing", {"Range": value}).status == status


# --- what comes in


def chunks_of(size):
    return [bytes(1 << 16)] * (size >> 16)


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
BODIES = {
    "a megabyte": ("/api/thing", {}, 1 << 20, 200),
    "more than a megabyte": ("/api/thing", {}, (1 << 20) + (1 << 16), 413),
    "a form where none is wanted": ("/api/thing", FORM, 2 << 20, 413),
    "a form where files are wanted": ("/api/pieces", FORM, 2 << 20, 200),
    "JSON where files are wanted": ("/api/pieces", {}, 2 << 20, 413),
    "JSON where JSON is wanted": ("/api/typed", {}, 2 << 20, 413),
}


@pytest.mark.parametrize(("path", "headers", "size", "status"), BODIES.values(), ids=BODIES)
def test_bodies_are_counted_while_they_come(path, headers, size, status):
    answer = ask(small_app(), "POST", path, headers, chunks_of(size))
    assert answer.status == status
    if status == 413:
        assert answer.error["code"] == "limit"


def test_a_form_of_files_has_its_limit(monkeypatch):
    monkeypatch.setattr(safety, "UPLOAD_BYTES", 3 << 20)
    assert ask(small_app(), "POST", "/api/pieces", FORM, chunks_of(3 << 20)).status == 200
    assert ask(small_app(), "POST", "/api/pieces", FORM, chunks_of(4 << 20)).status == 413


@pytest.mark.parametrize("length", [str(2 << 20), "9" * 40])
def test_a_length_that_is_too_large_is_believed(length):
    app = small_app()
    answer = ask(app, "POST", "/api/thing", {"Content-Length": length})
    assert (answer.status, app.state.reached) == (413, [])


@pytest.mark.parametrize("length", ["0", "5", "-1", "x", ""])
def test_a_length_that_is_too_small_is_not(length):
    headers = {"Content-Length": length}
    assert ask(small_app(), "POST", "/api/thing", headers, chunks_of(2 << 20)).status == 413


@pytest.mark.parametrize("path", ["/api/thing", "/api/typed", "/api/pieces"])
def test_a_slow_body_is_given_up(monkeypatch, path):
    monkeypatch.setattr(safety, "BODY_S", 0.05)

    async def drip():
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b" ", "more_body": True}

    answer = ask(small_app(), "POST", path, receive=drip)
    assert (answer.status, answer.error["code"]) == (408, "limit")


# --- streams of events


@asynccontextmanager
async def listeners(app, count, client):
    wanted = app.state.listening + count
    tasks = [
        asyncio.create_task(ask_async(app, "GET", "/api/events", client=client))
        for _ in range(count)
    ]
    while app.state.listening < wanted and not any(task.done() for task in tasks):
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_a_client_gets_64_streams_and_all_together_512(monkeypatch):
    app = small_app()
    app.state.patience = 3600

    async def run():
        async with listeners(app, 64, "10.0.0.1"):
            one_more = await ask_async(app, "GET", "/api/events", client="10.0.0.1")
            async with listeners(app, 448, "127.0.0.1"):
                monkeypatch.setattr(app.state, "patience", 0)
                full = await ask_async(app, "GET", "/api/events", client="10.0.0.2")
                other = await ask_async(app, "GET", "/api/thing", client="10.0.0.2")
        free = await ask_async(app, "GET", "/api/events", client="10.0.0.1")
        return one_more, full, other, free

    one_more, full, other, free = asyncio.run(run())
    assert (one_more.status, full.status, other.status, free.status) == (503, 503, 200, 200)
    assert one_more.error["code"] == "busy"
    assert int(one_more.headers["retry-after"]) > 0


# --- the token


def guarded(**settings):
    return small_app(host="192.168.1.5", token=TOKEN, **settings)


LAN = {"Host": "192.168.1.5:8765"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.lan", "127.0.0.1.evil"])
def test_a_studio_for_others_needs_a_token(tmp_path, host):
    with pytest.raises(UsageError, match="no token"):
        whole_app(tmp_path, host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_a_studio_for_this_machine_needs_none(tmp_path, host):
    assert whole_app(tmp_path, host=host)


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "}, {"Cookie": "nokturn-8765="},
        {"Cookie": f"nokturn-8765={TOKEN}"}, {"Cookie": "nokturn-8765=é; =;;"},
        {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Bearer {TOKEN[:-1]}"},
    ],
    ids=label,
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/thing", "/static/app.js", "/?token=wrong", "/?token="])
def test_without_the_token_nothing_is_shown(headers, path):
    app = guarded()
    answer = ask(app, "GET", path, {**LAN, **headers})
    assert (answer.status, app.state.reached) == (401, [])


def test_no_route_is_open_without_the_token(tmp_path):
    app = whole_app(tmp_path, host="192.168.1.5", token=TOKEN)
    for method, path in addresses(app):
        assert ask(app, method, filled(path), LAN).status == 401, path


def test_a_token_is_exchanged_for_a_cookie_and_leaves_the_address():
    app = guarded()
    answer = ask(app, "GET", f"/page/x?a=1&token={TOKEN}&b=%20", LAN)
    assert (answer.status, answer.headers["location"]) == (303, "/page/x?a=1&b=+")
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(attributes)
    assert TOKEN not in json.dumps(answer.headers)
    assert ask(app, "GET", "/page/x", {**LAN, "Cookie": f"a=b; {cookie}"}).status == 200
    again = ask(app, "GET", f"/?token={TOKEN}", {**LAN, "Cookie": cookie})
    assert (again.status, again.headers["location"]) == (303, "/")
    assert ask(app, "GET", "/?mytoken=1", {**LAN, "Cookie": cookie}).status == 200


def test_a_cookie_of_another_start_is_worth_nothing():
    cookie = ask(guarded(), "GET", f"/?token={TOKEN}", LAN).headers["set-cookie"].split(";")[0]
    assert ask(guarded(), "GET", "/", {**LAN, "Cookie": cookie}).status == 401


def test_a_program_sends_the_token_each_time():
    headers = {**LAN, "Authorization": f"Bearer {TOKEN}"}
    assert ask(guarded(), "POST", "/api/thing", headers).status == 200


def test_a_token_does_not_excuse_another_site():
    headers = {**LAN, "Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.com"}
    assert ask(guarded(), "POST", "/api/thing", headers).status == 403


def test_an_open_redirect_is_not_to_be_had():
    assert ask(guarded(), "GET", f"//evil.com/?token={TOKEN}", LAN).status == 404


def test_the_page_that_asks_for_the_token_holds_only_text():
    answer = ask(guarded(), "GET", "/", LAN)
    assert b"<h1>This studio asks who you are.</h1>" in answer.body
    assert b"script" not in answer.body


@pytest.mark.parametrize(
    ("accepted", "language", "asks"),
    [
        ("pl-PL, en;q=0.7", "pl", "To studio pyta, kim jesteś."),
        ("de, en", "en", "This studio asks who you are."),
        ("ro", "en", "This studio asks who you are."),
        ('../../en"><script>', "en", "This studio asks who you are."),
    ],
    ids=["Polish", "one we lack", "one not filled in yet", "none"],
)
def test_the_page_that_asks_for_the_token_speaks_the_visitor_s_language(accepted, language, asks):
    page = ask(guarded(), "GET", "/", LAN | {"Accept-Language": accepted}).body.decode()
    assert f'<html lang="{language}">' in page
    assert f"<h1>{asks}</h1>" in page


# --- read-only


def test_a_read_only_studio_changes_nothing(tmp_path):
    app = whole_app(tmp_path, read_only=True)
    for method, path in addresses(app):
        if method not in READS and path not in safety.READING:
            answer = ask(app, method, filled(path))
            assert (answer.status, answer.error["code"]) == (403, "refused"), path


def test_a_read_only_studio_exports():
    assert ask(small_app(read_only=True), "POST", "/api/export").status == 200


# --- the routes


def test_forms_of_files_are_taken_where_the_guard_expects_them(tmp_path):
    app = whole_app(tmp_path)
    forms = {
        path
        for path, methods in app.openapi()["paths"].items()
        for what in methods.values()
        if "multipart/form-data" in what.get("requestBody", {}).get("content", {})
    }
    assert forms <= safety.UPLOADS


def state_of(library):
    """Return the files of a library, but for what can be made again."""
    files = (path for path in library.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {str(path): path.read_bytes() for path in files}


def test_looking_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "home"))
    app = whole_app(tmp_path, workers=1)

    async def run():
        async with app.router.lifespan_context(app):
            before = state_of(tmp_path)
            for method, path in addresses(app):
                if method in READS and not path.endswith("/events"):
                    await ask_async(app, method, filled(path))
            return before, state_of(tmp_path)

    before, after = asyncio.run(run())
    assert before == after


def test_work_for_a_client_who_has_gone_ends():
    ended = []

    async def slow(scope, receive, send):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append(time.monotonic())
            raise

    async def visit():
        messages = [{"type": "http.request"}, {"type": "http.disconnect"}]

        async def receive():
            await asyncio.sleep(0.05)
            return messages.pop(0)

        guard = Guard(slow, Settings())
        scope = {"type": "http", "method": "GET", "path": "/api/thing", "query_string": b"",
                 "scheme": "http", "headers": [(b"host", b"127.0.0.1:8765")]}  # fmt: skip
        await guard(scope, receive, None)

    begun = time.monotonic()
    asyncio.run(visit())
    assert len(ended) == 1
    assert ended[0] - begun < 30
