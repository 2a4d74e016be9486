"""The studio under load: a real one in a process of its own, driven over HTTP.

    python benchmarks/studio.py start page clients listeners upload library memory [--seconds 60]

Prints what was asked for beside what was measured. Run it on a machine at rest, or bound to two
cores: ``taskset -c 0,1 python benchmarks/studio.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import httpx2
import psutil

Arrivals = dict[tuple[str, int], list[float]]
QUIET = httpx2.Timeout(120.0)


class Studio:
    """A studio on a free port, with a library of its own."""

    def __init__(self) -> None:
        self.home = tempfile.TemporaryDirectory(prefix="nokturn-studio-")
        environment = os.environ | {"NOKTURN_HOME": self.home.name, "OMP_NUM_THREADS": "1"}
        self.begun = time.perf_counter()
        command = [sys.executable, "-m", "nokturn", "studio", "--port", "0", "--no-open"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.address = self.process.stdout.readline().strip().rstrip("/")
        self.said_s = time.perf_counter() - self.begun
        with httpx2.Client(base_url=self.address, timeout=QUIET) as client:
            while True:
                try:
                    client.get("/api/health")
                    break
                except httpx2.TransportError:
                    time.sleep(0.02)
        self.answered_s = time.perf_counter() - self.begun

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.home.cleanup()

    @property
    def rss(self) -> dict[str, float]:
        """Megabytes of the server and of its workers."""
        server = psutil.Process(self.process.pid)
        rest = [child.memory_info().rss for child in server.children(recursive=True)]
        return {"server": server.memory_info().rss / 1e6, "workers": sum(rest) / 1e6}

    def open_files(self) -> int:
        """Return how many files the server has open."""
        return psutil.Process(self.process.pid).num_fds()


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(what: str, asked: str, found: str) -> None:
    print(f"{what:<48} asked {asked:<18} found {found}", flush=True)


def start(_seconds: float) -> None:
    """How soon the studio says its address, answers, and a warm model writes."""
    with Studio() as studio, httpx2.Client(base_url=studio.address, timeout=QUIET) as client:
        report("address said after the command", "-", f"{studio.said_s:.2f} s")
        report("first answer after the command", "2 s", f"{studio.answered_s:.2f} s")
        time.sleep(4)
        times, counts = [], []
        for seed in range(5):
            begun = time.perf_counter()
            job = client.post("/api/jobs/generate", json={"bars": 32, "seed": seed}).json()
            first, count = 0.0, 0
            for kind, _ in followed(client, job["id"]):
                if kind == "writing":
                    first, count = first or time.perf_counter() - begun, count + 1
            times.append(first)
            counts.append(count / (time.perf_counter() - begun))
        report("Compose to the first notes (worst of 5)", "2 s", f"{max(times):.2f} s")
        report("updates a second while writing (least of 5)", "4", f"{min(counts):.1f}")


def page(_seconds: float) -> None:
    """How soon a browser has the first page, and notes of what it asks for."""
    from playwright.sync_api import sync_playwright

    with Studio() as studio, sync_playwright() as engine:
        path = os.environ.get("NOKTURN_CHROMIUM") or shutil.which("chromium")
        browser = engine.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for turn in ("the first page, the studio just started", "the first page again"):
            tab = browser.new_page()
            begun = time.perf_counter()
            tab.goto(studio.address)
            for part in ("#main .take", "#main canvas", "#main button.primary"):
                tab.wait_for_selector(part)
            report(turn, "2 s", f"{time.perf_counter() - begun:.2f} s")
        time.sleep(5)
        begun = time.perf_counter()
        tab.keyboard.press("Control+Enter")
        tab.wait_for_selector(".writing", state="attached")
        report("Ctrl+Enter to notes on the roll", "2 s", f"{time.perf_counter() - begun:.2f} s")
        browser.close()


def followed(client: httpx2.Client, job: str) -> Iterator[tuple[str, Any]]:
    """Yield a job's events, (kind, data)."""
    with client.stream("GET", f"/api/jobs/{job}/events") as answer:
        kind = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                yield kind, json.loads(line[6:])


async def _clients(address: str, seconds: float) -> None:
    ends = time.monotonic() + seconds
    codes: Counter[int] = Counter()
    limits = httpx2.Limits(max_connections=400)

    async def one(client: httpx2.AsyncClient, number: int) -> None:
        while time.monotonic() < ends:
            made = await client.post("/api/jobs/generate", json={"bars": 16, "seed": number})
            codes[made.status_code] += 1
            if made.status_code == 503:
                assert int(made.headers["retry-after"]) > 0
                await asyncio.sleep(1)
                continue
            async with client.stream("GET", f"/api/jobs/{made.json()['id']}/events") as lines:
                codes[lines.status_code] += 1
                async for _ in lines.aiter_lines():
                    pass

    async with httpx2.AsyncClient(base_url=address, timeout=QUIET, limits=limits) as client:
        await asyncio.gather(*(one(client, number) for number in range(200)))
    report("200 clients: answers", "200s and 503 alone", str(dict(sorted(codes.items()))))


def watch(address: str, seconds: float, told: Connection) -> None:
    """Ask, from a process of its own, how the studio is, and for work; tell how long that took."""
    host = address.removeprefix("http://")
    healthy, refused = [], []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for method, path, times in (
            ("GET", "/api/health", healthy),
            ("POST", "/api/jobs/generate", refused),
        ):
            begun = time.perf_counter()
            line = http.client.HTTPConnection(host, timeout=60)
            line.request(method, path, "{}", {"Content-Type": "application/json"})
            answer = line.getresponse()
            answer.read()
            if answer.status in (200, 503):
                times.append(time.perf_counter() - begun)
            line.close()
        time.sleep(0.05)
    told.send((healthy, refused))


def clients(seconds: float) -> None:
    """200 clients against two workers."""
    with Studio() as studio:
        ours, theirs = multiprocessing.Pipe()
        other = multiprocessing.Process(target=watch, args=(studio.address, seconds, theirs))
        other.start()
        asyncio.run(_clients(studio.address, seconds))
        healthy, refused = ours.recv()
        other.join()
    for what, asked, times in (("health", "100 ms", healthy), ("a refusal", "50 ms", refused)):
        found = (
            f"{1000 * percentile(times, 0.99):.0f} ms (median {1000 * percentile(times, 0.5):.0f})"
        )
        report(f"{what} beside them, p99", asked, found)


async def _listen(host: str, port: int, job: str, arrivals: Arrivals) -> None:
    """Follow a job's events and note when each comes; raw, so that 500 fit into one process."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 22)
    head = f"GET /api/jobs/{job}/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"
    writer.write(head.encode())
    while line := await reader.readline():
        if line.startswith(b"id: "):
            arrivals.setdefault((job, int(line[4:])), []).append(time.perf_counter())
        if line.startswith(b"0\r"):  # the last chunk
            break
    writer.close()


async def _listeners(address: str, seconds: float) -> None:
    host, port = address.removeprefix("http://").split(":")
    arrivals: Arrivals = {}
    ends = time.monotonic() + seconds
    async with httpx2.AsyncClient(base_url=address, timeout=QUIET) as client:
        while time.monotonic() < ends:
            wanted = {"bars": 64, "n": 16, "seed": 1}
            job = (await client.post("/api/jobs/generate", json=wanted)).json()["id"]
            await asyncio.gather(*(_listen(host, int(port), job, arrivals) for _ in range(500)))
    times = [sorted(seen) for seen in arrivals.values() if len(seen) == 500]
    delays = [late - seen[0] for seen in times for late in seen]
    share = sum(delay > 0.5 for delay in delays) / len(delays)
    report("500 listeners: events later than 500 ms", "< 1 %", f"{share:.2%} of {len(delays):,}")


def listeners(seconds: float) -> None:
    """500 streams of events of one job."""
    with Studio() as studio:
        asyncio.run(_listeners(studio.address, seconds))


LINE = "|:A2A ABd|e2e efg|agf edB|dBA ABd:|\n"


def jig_line(rng: random.Random) -> str:
    """Return four bars that nobody wrote, as long as `LINE`."""
    letters = iter(rng.choices("DEFGABcdefg", k=24))
    return re.sub("[A-Ga-g]", lambda _: next(letters), LINE)


def book_of(lines: list[str]) -> bytes:
    """Return a book of tunes of twenty lines each."""
    head = "X:1\nT:Tune\nM:6/8\nL:1/8\nK:D\n"
    return "".join(head + "".join(lines[k : k + 20]) for k in range(0, len(lines), 20)).encode()


def upload(_seconds: float) -> None:
    """8 MB of tunes: in one book and in 999, hardly two bars alike; one tune again; MIDI files."""
    from nokturn.workflows.load import read_text
    from nokturn.workflows.save import kind_named

    rng = random.Random(1)
    same = [LINE] * 20 * 11
    books = [book_of([jig_line(rng) for _ in same]) for _ in range(999)]
    long = "X:1\nT:Tune\nM:6/8\nL:1/8\nK:D\n" + "A2A ABd|e2e efg|agf edB|dBA ABd|\n" * 50
    midi = kind_named("mid").dumps(read_text(long))
    with Studio() as studio, httpx2.Client(base_url=studio.address, timeout=QUIET) as client:
        time.sleep(4)
        for what, ending, every in (
            ("different tunes, one book", ".abc", [b"".join(books)]),
            ("different tunes, 999 books", ".abc", books),
            ("equal tunes, 999 books", ".abc", [book_of(same)] * 999),
            ("tunes", ".mid", [midi] * (8_000_000 // len(midi))),
        ):
            files = [("file", (f"{n}{ending}", data)) for n, data in enumerate(every)]
            begun = time.perf_counter()
            found = client.post("/api/corpora", files=files).json()
            taken = time.perf_counter() - begun
            size = sum(map(len, every)) / 1e6
            rows = (
                f"{taken:.2f} s ({len(found['rows'])} rows, {found['summary']['left']} files left)"
            )
            report(f"{size:.1f} MB of {what} ({ending}): the first rows", "2 s", rows)
            while found["summary"]["left"]:
                time.sleep(0.1)
                found = client.get(f"/api/corpora/{found['id']}").json()
            taken = time.perf_counter() - begun
            said = f"{taken:.1f} s ({found['summary']['pieces']:,} tunes)"
            report("all of them looked through", "2 s", said)


def library(_seconds: float) -> None:
    """Lists and searches in a library of 5,000 pieces, as files come and go."""
    with Studio() as studio, httpx2.Client(base_url=studio.address, timeout=QUIET) as client:
        tune = "X:1\nT:Tune {n} of {key}\nM:6/8\nL:1/8\nK:{key}\n|:A2A ABd|e2e efg:|\n"
        keys = ("D", "Ador", "Em", "G")
        for book in range(10):
            tunes = [tune.format(n=500 * book + k, key=keys[k % 4]) for k in range(500)]
            client.post("/api/pieces", json={"abc": "\n".join(tunes)}).raise_for_status()
        taken: dict[str, list[float]] = {"search": [], "list after a pause": []}
        for number in range(40):
            for what, pause in (("search", 0.05), ("list after a pause", 1.1)):
                time.sleep(pause)
                query = f"?q=dorian tune {number}&sort=title" if what == "search" else ""
                begun = time.perf_counter()
                client.get(f"/api/pieces{query}").raise_for_status()
                taken[what].append(time.perf_counter() - begun)
        for what, seconds in taken.items():
            told = f"{1000 * percentile(seconds, 0.5):.0f}, {1000 * max(seconds):.0f}"
            report(f"{what} in 5,000 pieces: median, most", "200 ms", f"{told} ms")


def memory(_seconds: float) -> None:
    """500 generations."""
    with Studio() as studio, httpx2.Client(base_url=studio.address, timeout=QUIET) as client:
        marks = []
        for number in range(501):
            job = client.post("/api/jobs/generate", json={"bars": 8, "seed": number}).json()
            for _ in followed(client, job["id"]):
                pass
            if number in (50, 500):
                marks.append(studio.rss | {"files": studio.open_files()})
        grown = {key: round(marks[1][key] - marks[0][key], 1) for key in marks[0]}
        report("grown from generation 50 to 500, MB", "flat", str(grown))


PARTS = {"start": start, "page": page, "clients": clients, "listeners": listeners, "upload": upload,
         "library": library, "memory": memory}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--seconds", type=float, default=60.0)
    told = parser.parse_args()
    for part in told.parts or PARTS:
        PARTS[part](told.seconds)


if __name__ == "__main__":
    main()
