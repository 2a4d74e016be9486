"""The studio as it is started: its address, its port, its library, its end, and hostile clients."""

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager

import pytest
import uvicorn
from wire import SECONDS, asked, connected, studio

from nokturn.errors import ResourceError, UsageError
from nokturn.studio import _connection, serve
from nokturn.studio._lock import NAME, HeldError, held
from nokturn.studio.settings import Settings


def said(folder):
    return (folder / "said").read_text()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A studio for all tests that only talk to it."""
    folder = tmp_path_factory.mktemp("studio")
    with studio(folder) as (_, address):
        assert asked(address, "GET", "/api/health")[0] == 200
        yield address


def test_the_address_stands_alone_on_stdout(running):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", running)


def test_a_second_studio_tells_where_the_first_is(tmp_path):
    with studio(tmp_path) as (_, first):
        asked(first, "GET", "/api/health")
        with studio(tmp_path) as (process, second):
            assert process.wait(SECONDS) == 0
        assert second == first
        assert "has this library open already" in said(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -15)])
def test_it_ends_with_its_workers_though_pages_listen(tmp_path, number, code):
    with studio(tmp_path) as (process, address):
        asked(address, "GET", "/api/health")
        workers = children(process.pid)
        with closing(connected(address)) as listening:
            listening.request("GET", "/api/events")
            stream = listening.getresponse()
            begun = time.monotonic()
            process.send_signal(number)
            assert process.wait(SECONDS) == code
            assert time.monotonic() - begun < 10
            with pytest.raises(http.client.IncompleteRead):  # the page tries again later
                stream.read()
        assert workers
        assert not [worker for worker in workers if alive(worker)]
    assert "Traceback" not in said(tmp_path)
    assert (tmp_path / "library" / NAME).read_bytes() == b"" or code < 0


def children(process):
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def alive(process):
    for _ in range(50):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True
        )
        if not state.stdout.strip() or state.stdout.startswith("Z"):
            return False
        time.sleep(0.1)
    return True


# --- the token


def test_others_need_the_token_and_it_is_never_logged(tmp_path):
    with studio(tmp_path, "--host", "0.0.0.0") as (_, address):
        token = re.search(r"\?token=([\w-]{43})$", address)[1]
        local = re.sub(r"//[^:]+:", "//127.0.0.1:", address)
        assert asked(local, "GET", "/api/health")[0] == 401
        status, headers, _ = asked(local, "GET", f"/library?token={token}")
        assert (status, headers["location"]) == (303, "/library")
        cookie = headers["set-cookie"].split(";")[0]
        for _ in range(100):
            asked(local, "GET", f"/?token={token}&x=%0d%0a", {"Cookie": cookie})
            asked(local, "GET", f"/?token={token}x")
            asked(local, "BREW", f"/api/nothing?token={token}", {"Cookie": cookie})
        assert asked(local, "GET", "/api/health", {"Cookie": cookie})[0] == 200
    assert token not in said(tmp_path)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "said"]
    assert not [path for path in kept if token.encode() in path.read_bytes()]


# --- hostile clients


@contextmanager
def raw(address, *parts):
    """Send bytes as they are."""
    host, port = re.match(r"http://(.+):(\d+)/", address).groups()
    with socket.create_connection((host, int(port)), timeout=SECONDS) as line:
        for part in parts:
            line.sendall(part)
        yield line


def head(address, extra="", line="GET /api/health HTTP/1.1"):
    host = address.removeprefix("http://").rstrip("/")
    return f"{line}\r\nHost: {host}\r\n{extra}\r\n".encode()


def status_of(line):
    return int(line.recv(4096).split(b" ")[1])


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ("", 200),
        ("Host: evil.com\r\n", 400),
        ("X: " + "y" * 40_000 + "\r\n", 431),
        ("".join(f"X{i}: y\r\n" for i in range(9000)), 431),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        ("Content-Length: -5\r\n", 400),
        ("Transfer-Encoding: nonsense\r\n", 400),
        ("X-Forwarded-Host: evil.com\r\nX-Forwarded-For: 1.2.3.4\r\n", 200),
        ("Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n", 200),
    ],
)
def test_odd_headers(running, extra, status):
    with raw(running, head(running, extra)) as line:
        assert status_of(line) == status


def post(address, extra):
    return head(address, extra, "POST /api/jobs/generate HTTP/1.1")


@pytest.mark.parametrize(
    ("extra", "body", "status"),
    [
        ("Content-Length: 999999999\r\n", b"", 413),
        ("Content-Length: 2\r\n", b"{}" + b"x" * 5000, 202),
        ("Transfer-Encoding: chunked\r\n", b"100000\r\n" + bytes(1 << 20) + b"\r\n1\r\nx\r\n", 413),
        ("Transfer-Encoding: chunked\r\n", b"zz\r\n", 400),
        ("Expect: 100-continue\r\nContent-Length: 999999999\r\n", b"", 413),
    ],
    ids=["a length too large", "more than the length", "too many chunks", "no chunk", "expects"],
)
def test_bodies_that_lie(running, extra, body, status):
    kind = "Content-Type: application/json\r\n"
    with raw(running, post(running, kind + extra), body) as line:
        if status == 202:  # what follows is taken for another request, and is none
            assert status_of(line) in (202, 422, 400)
        else:
            assert status_of(line) == status
    assert asked(running, "GET", "/api/health")[0] == 200


def test_an_early_refusal_is_heard_by_a_client_that_goes_on_sending(running):
    size = 3 << 20
    headers = {"Content-Type": "application/json"}
    status, _, body = asked(running, "POST", "/api/jobs/generate", headers, bytes(size))
    assert (status, json.loads(body)["error"]["code"]) == (413, "limit")


def test_the_openapi_schema_is_served(running):
    status, _, body = asked(running, "GET", "/api/openapi.json")
    assert status == 200
    assert "/api/health" in json.loads(body)["paths"]


# --- ports and hosts


def test_a_taken_port_makes_way_for_the_next():
    with serve.listen("127.0.0.1", 0) as first:
        taken = first.getsockname()[1]
        with serve.listen("127.0.0.1", taken) as second:
            assert taken < second.getsockname()[1] <= taken + serve.TRIES


def test_no_port_at_all(monkeypatch):
    monkeypatch.setattr(serve, "TRIES", 0)
    with serve.listen("127.0.0.1", 0) as first:
        taken = first.getsockname()[1]
        with pytest.raises(UsageError, match=f"No port from {taken} to {taken} is free"):
            serve.listen("127.0.0.1", taken)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("192.0.2.1", "cannot listen"),
        ("no.such.host.invalid", "no host named"),
        ("a" * 70, "no host"),
    ],
)
def test_hosts_that_are_not_here(host, words):
    with pytest.raises(UsageError, match=words):
        serve.listen(host, 0)


@pytest.mark.parametrize(
    ("host", "token", "address"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:9/"),
        ("localhost", "", "http://localhost:9/"),
        ("::1", "", "http://[::1]:9/"),
        ("192.168.1.5", "abc", "http://192.168.1.5:9/?token=abc"),
    ],
)
def test_addresses(host, token, address):
    assert serve.address(Settings(host=host, port=9, token=token)) == address


@pytest.mark.parametrize(("host", "length"), [("127.0.0.1", 0), ("0.0.0.0", 43)])
def test_tokens_are_made_where_others_can_come(host, length):
    with serve.listen("127.0.0.1", 0) as listening:
        made = [serve.settled(Settings(host=host), listening) for _ in range(2)]
        assert made[0].port == listening.getsockname()[1]
    assert [len(settings.token) for settings in made] == [length] * 2
    assert not length or made[0].token != made[1].token


def test_without_a_screen_no_browser_is_opened(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not serve.browse("http://127.0.0.1:9/")


# --- the library's lock


def test_a_library_is_held_once(tmp_path):
    with held(tmp_path / "new" / "library") as lock:
        lock.tell("http://127.0.0.1:8765/")
        with pytest.raises(HeldError) as raised, held(tmp_path / "new" / "library"):
            pass
        assert raised.value.address == "http://127.0.0.1:8765/"
    with held(tmp_path / "new" / "library"):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"address": 5}', "\0\0", '{"pid": 1}'])
def test_a_file_that_nobody_holds_is_no_lock(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    with held(tmp_path) as lock:
        lock.tell("http://127.0.0.1:1/")
        assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()


def test_a_library_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResourceError, match="cannot be opened"), held(tmp_path / "file"):
        pass


def test_a_lock_does_not_follow_links(tmp_path):
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / NAME).symlink_to(tmp_path / "precious")
    with pytest.raises(ResourceError, match="cannot be opened"), held(tmp_path) as lock:
        lock.tell("x")
    assert (tmp_path / "precious").read_text() == "keep me"


def test_a_read_only_studio_needs_no_lock_but_a_library(tmp_path):
    (tmp_path / "library").mkdir()
    with studio(tmp_path, "--read-only") as (_, first), studio(tmp_path, "--read-only") as (_, two):
        assert first != two
        assert {asked(where, "GET", "/api/health")[0] for where in (first, two)} == {200}
    assert list((tmp_path / "library").iterdir()) == []
    (tmp_path / "library").rmdir()
    with studio(tmp_path, "--read-only") as (process, address):
        assert process.wait(SECONDS) == 2
        assert not address
    assert "Name another folder with --library." in (tmp_path / "said").read_text()


# --- connections that are held open for nothing


@contextmanager
def clocked(app, monkeypatch, **seconds):
    """Serve an application on connections whose clocks are quick."""
    for name, value in seconds.items():
        monkeypatch.setattr(_connection, name, value)
    config = uvicorn.Config(app, http=_connection.Connection, ws="none", lifespan="off",
                            log_config=None, access_log=False, timeout_keep_alive=1,
                            timeout_graceful_shutdown=1)  # fmt: skip
    server = uvicorn.Server(config)
    with serve.listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.should_exit = True
            thread.join(SECONDS)


async def short(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"short"})


def cut_off(line, seconds=5):
    """Return whether the other side ends a connection, and in how many seconds."""
    line.settimeout(seconds)
    begun = time.monotonic()
    try:
        while line.recv(1 << 16):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begun


def dripped(line, parts):
    """Send slowly; return how many parts went out before the other side ended the connection."""
    for number, part in enumerate(parts):
        try:
            line.sendall(part)
        except ConnectionError:
            return number
        time.sleep(0.05)
    return len(parts)


def test_who_says_nothing_is_cut_off(monkeypatch):
    with clocked(short, monkeypatch, HEADERS_S=0.3) as address, raw(address) as line:
        assert cut_off(line) < 3


def test_who_sends_headers_byte_by_byte_is_cut_off(monkeypatch):
    with clocked(short, monkeypatch, HEADERS_S=0.5) as address, raw(address) as line:
        assert dripped(line, [bytes([byte]) for byte in head(address) * 100]) < 30


def test_who_goes_on_sending_after_the_answer_is_cut_off(monkeypatch):
    with clocked(short, monkeypatch, LINGER_S=0.3) as address:
        request = head(address, "Content-Length: 999999999\r\n", "POST / HTTP/1.1")
        with raw(address, request) as line:
            assert dripped(line, [bytes(1000)] * 100) < 30


def test_who_reads_nothing_is_cut_off(monkeypatch):
    ended = threading.Event()

    async def endless(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.create_task(until_gone(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
            await asyncio.sleep(0)
        ended.set()

    with clocked(endless, monkeypatch, READER_S=0.3) as address, raw(address, head(address)):
        assert ended.wait(10)


async def until_gone(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


def test_another_machine_gets_so_many_connections(monkeypatch):
    monkeypatch.setattr(_connection, "is_loopback", lambda host: False)
    monkeypatch.setattr(_connection, "A_CLIENT", 3)
    with clocked(short, monkeypatch) as address, ExitStack() as lines:
        for _ in range(3):
            lines.enter_context(raw(address))
        one_more = lines.enter_context(raw(address))
        assert cut_off(one_more) < 3


def test_hundreds_of_connections_that_say_nothing_hinder_nobody(running):
    with ExitStack() as lines:
        for _ in range(600):
            lines.enter_context(raw(running))
        for _ in range(20):
            assert asked(running, "GET", "/api/health")[0] == 200


def test_who_is_quick_is_served_again_and_again(monkeypatch):
    clocks = {"HEADERS_S": 0.3, "LINGER_S": 0.3, "READER_S": 0.3}
    with clocked(short, monkeypatch, **clocks) as address, closing(connected(address)) as line:
        for _ in range(10):
            line.request("POST", "/", b"x" * 1000)
            assert line.getresponse().read() == b"short"
            time.sleep(0.1)
