"""The studio's page in a real browser: how smooth, how exact, how soon.

    python benchmarks/studio_page.py http://127.0.0.1:8765/        of a studio that runs
    python benchmarks/studio_page.py ADDRESS --notes 5000 --seconds 10

Prints what was asked for beside what was measured: frames a second of a piano roll that glides,
milliseconds by which cursors are off, and how long it takes until a piece can be heard. A browser
without a screen draws by the processor: a machine at work is slower than one that plays.
"""

from __future__ import annotations

import argparse
import random
import shutil
from typing import Any

from playwright.sync_api import Page, sync_playwright

TUNE = "X:1\nT:Reel\nM:4/4\nL:1/8\nQ:1/4=150\nK:Ador\n" + "|:EAAB c2BA|GEDE G2GA:|\n" * 8
CLEARED = 'const main = document.getElementById("main"); main.replaceChildren();'

GLIDE = f"""async ([count, seconds]) => {{
  const {{ Roll }} = await import("/static/roll.js");
  {CLEARED}
  const start_s = [...Array(count).keys()].map((i) => i * 0.16);
  const of = (make) => start_s.map(make);
  const bars = [...Array(Math.ceil(count * 0.08)).keys()].map((i) =>
    ({{ number: i + 1, start_s: 2 * i, end_s: 2 * i + 2, start_q: 4 * i, meter: "4/4" }}));
  const notes = {{
    start_s, end_s: of((s, i) => s + 0.1 + (i * 37 % 100) / 90), track: of((_, i) => i % 5),
    onset_q: of((s) => 2 * s), duration_q: of(() => 1), pitch: of((_, i) => 36 + i * 29 % 50),
    name: of(() => "C4"), velocity: of((_, i) => 40 + i % 80), beat: of(() => 1), svg: of(() => []),
    bar: of((s) => 1 + Math.floor(s / 2)),
  }};
  const tracks = [..."abcde"].map((name) => ({{ name }}));
  const roll = new Roll(main);
  roll.setStage({{ seconds: count * 0.16, tracks, notes, bars, tonic: 0, scale: null }});
  roll.zoom(3);
  const began = performance.now();
  let [frames, work, now] = [0, 0, 0];
  while (now < seconds) {{
    await new Promise(requestAnimationFrame);
    now = (performance.now() - began) / 1000;
    const before = performance.now();
    roll.setPosition(100 + now);
    work += performance.now() - before;
    frames += 1;
  }}
  return [frames / now, work / frames];
}}"""

SHOWN = f"""async (id) => {{
  const {{ PieceView }} = await import("/static/pieceview.js");
  {CLEARED}
  const view = new PieceView(main, {{ view: "both" }});
  const began = performance.now();
  const seen = new Promise((done) => view.on("stage", () => done(performance.now() - began)));
  await view.show(id);
  window.view = view;
  return [await seen, performance.now() - began];
}}"""

OFF = """() => new Promise((done) => requestAnimationFrame(() =>
  done(Math.abs(view.roll.position - view.player.position) * 1000)))"""


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("--notes", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=5.0)
    wanted = parser.parse_args()
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as engine:
        flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = engine.chromium.launch(executable_path=path, args=flags)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(wanted.address.rstrip("/") + "/help")
        page.wait_for_selector("h1")
        measure(page, wanted)
        browser.close()


def measure(page: Page, wanted: argparse.Namespace) -> None:
    """Print the figures."""
    frames, work = page.evaluate(GLIDE, [wanted.notes, wanted.seconds])
    say(f"frames a second, {wanted.notes:,} notes", "60", f"{frames:.1f}")
    say("script for a frame", "16 ms", f"{work:.2f} ms")
    posted = page.request.post(f"{wanted.address.rstrip('/')}/api/pieces", data={"abc": TUNE})
    answer: dict[str, Any] = posted.json()
    seen, heard = page.evaluate(SHOWN, answer["items"][0])
    say("until the notes are seen", "", f"{seen:.0f} ms")
    say("until it can be heard, never rendered before", "", f"{heard:.0f} ms")
    page.evaluate("view.player.play()")
    off = []
    for _ in range(20):
        page.wait_for_timeout(random.uniform(50, 250))
        off.append(page.evaluate(OFF))
    say("cursor beside the audio clock, worst of 20", "50 ms", f"{max(off):.1f} ms")


def say(what: str, asked: str, measured: str) -> None:
    """Print a row."""
    print(f"{what:<48}{asked:>8}{measured:>12}")


if __name__ == "__main__":
    main()
