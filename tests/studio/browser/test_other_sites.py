"""Pages of other sites, in the same browser: they read nothing of the studio and change nothing."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

ABC = "X:1\nT:Not mine\nL:1/8\nM:4/4\nK:C\nCDEF GABc|\n"
PAGE = "<!doctype html><title>Another site</title><p>Another site</p>"

READS = """async address => {
  const read = [];
  const tries = {
    cors: {}, credentials: {credentials: "include"}, "no-cors": {mode: "no-cors"},
  };
  for (const path of ["/api/health", "/api/pieces", "/api/models", "/", "/static/app.js"])
    for (const [name, options] of Object.entries(tries))
      try {
        const text = await (await fetch(address + path, options)).text();
        if (text) read.push(name + " " + path);
      } catch {}
  const element = (name, properties) => new Promise(done => {
    const made = document.createElement(name);
    Object.assign(made, {onload: () => done(true), onerror: () => done(false)}, properties);
    document.body.append(made);
  });
  if (await element("script", {src: address + "/static/app.js"})) read.push("script");
  if (await element("script", {src: address + "/api/pieces"})) read.push("script of data");
  if (await element("img", {src: address + "/static/icon.svg"})) read.push("picture");
  const style = {rel: "stylesheet", href: address + "/static/css/base.css"};
  if (await element("link", style)) read.push("style");
  await element("iframe", {src: address + "/"});
  try { if (frames[0].document.body.textContent) read.push("frame"); } catch {}
  await new Promise(done => {
    const stream = new EventSource(address + "/api/events");
    stream.onopen = () => { read.push("events"); stream.close(); done(); };
    stream.onerror = () => { stream.close(); done(); };
  });
  await new Promise(done => {
    const socket = new WebSocket(address.replace("http", "ws") + "/api/events");
    socket.onopen = () => { read.push("socket"); done(); };
    socket.onerror = () => done();
  });
  return read;
}"""

CHANGES = """async ([address, piece, abc]) => {
  const simple = {mode: "no-cors", credentials: "include", method: "POST"};
  const body = JSON.stringify({abc});
  const job = JSON.stringify({bars: 4});
  const plain = {"Content-Type": "text/plain"}, json = {"Content-Type": "application/json"};
  const file = new FormData();
  file.append("file", new File([abc], "tune.abc"));
  const tries = [
    ["/api/pieces", {...simple, headers: plain, body}], ["/api/pieces", {...simple, body: file}],
    ["/api/pieces", {method: "POST", headers: json, body}],
    ["/api/models", {...simple, body: file}],
    ["/api/jobs/generate", {...simple, headers: plain, body: job}],
    ["/api/jobs/generate", {method: "POST", headers: json, body: job}],
    ["/api/pieces/" + piece, {method: "DELETE"}],
    ["/api/pieces/" + piece, {method: "PATCH", headers: json, body: '{"title": "Taken"}'}],
    ["/api/bin", {method: "DELETE"}],
  ];
  for (const [path, options] of tries) try { await fetch(address + path, options); } catch {}
  navigator.sendBeacon(address + "/api/pieces", new Blob([body], {type: "text/plain"}));
  navigator.sendBeacon(address + "/api/pieces", file);
  for (const path of ["/api/pieces", "/api/jobs/generate"]) {
    const frame = document.createElement("iframe");
    frame.name = "answer" + path;
    const form = document.createElement("form");
    Object.assign(form, {action: address + path, method: "post", target: frame.name});
    form.enctype = "multipart/form-data";
    const field = document.createElement("input");
    Object.assign(field, {name: "file", value: abc});
    form.append(field);
    document.body.append(frame, form);
    form.submit();
    await new Promise(done => { frame.onload = done; setTimeout(done, 1000); });
  }
  return true;
}"""


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_args):
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere():
    """The port of another site on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def page_at(browser):
    """A function that opens a page anywhere."""
    context = browser.new_context()

    def opened(address):
        page = context.new_page()
        answer = page.goto(address)
        return page, answer.status

    yield opened
    context.close()


def state(studio):
    """Return what could be changed."""
    pieces = studio.ask("GET", "/pieces")
    return (
        [(item["id"], item["title"]) for item in pieces["items"]],
        studio.ask("GET", "/jobs"),
        [model["name"] for model in studio.ask("GET", "/models")],
        studio.ask("GET", "/bin"),
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["cross-site", "same-site"])
def test_another_site_reads_nothing(live_studio, elsewhere, page_at, host):
    page, _ = page_at(f"http://{host}:{elsewhere}/")
    assert page.evaluate(READS, live_studio.address) == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["cross-site", "same-site"])
def test_another_site_changes_nothing(live_studio, elsewhere, page_at, host):
    piece = live_studio.add("X:1\nT:Mine\nL:1/8\nM:4/4\nK:C\nCDEF GABc|\n")
    before = state(live_studio)
    own, _ = page_at(live_studio.address)  # the victim has the studio open
    page, _ = page_at(f"http://{host}:{elsewhere}/")
    assert page.evaluate(CHANGES, [live_studio.address, piece, ABC])
    assert own.title()
    assert state(live_studio) == before


def test_a_name_that_was_pointed_here_shows_nothing(live_studio, page_at):
    port = live_studio.address.rpartition(":")[2]
    for path in ("/api/pieces", "/static/app.js", "/"):
        page, status = page_at(f"http://evil.localhost:{port}{path}")
        assert status == 421
    assert page.evaluate("fetch('/api/pieces').then(answer => answer.status)") == 421


def test_the_same_tries_work_from_our_own_page(live_studio, page_at):
    own, _ = page_at(live_studio.address)
    before = state(live_studio)
    assert own.evaluate("fetch('/api/pieces').then(answer => answer.status)") == 200
    own.evaluate(
        """abc => fetch("/api/pieces", {method: "POST", headers: {"Content-Type":
        "application/json"}, body: JSON.stringify({abc})}).then(answer => answer.status)""",
        ABC,
    )
    assert len(state(live_studio)[0]) == len(before[0]) + 1
