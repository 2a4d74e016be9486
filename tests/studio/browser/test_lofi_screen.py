"""The lo-fi screen in a real browser: heard soon, mixed as exported, endless without a gap."""

from __future__ import annotations

import itertools
import json
import urllib.request
from typing import Any

import numpy as np
import pytest

from nokturn.rendering.audio.stems import Fader, through
from nokturn.rhythms.euclid import pattern

MOVE = """([name, value]) => {
  const fader = document.querySelector(`[data-name="${name}"]`);
  fader.value = value;
  fader.dispatchEvent(new Event("input", { bubbles: true }));
}"""
STATE = "document.querySelector('.mixer-state')?.dataset.state"
STATES = """() => {
  window.states = [];
  const seen = document.querySelector(".mixer-state");
  new MutationObserver(() => window.states.push(seen.dataset.state))
    .observe(seen, { attributes: true });
}"""
ENDLESS = """async (settings) => {
  const { Endless } = await import("/static/endless.js");
  window.endless = new Endless(() => ({ preset: "dusty", settings, seed: 7 }));
  await window.endless.start();
}"""
HEARD = """() => {
  const context = window.endless.context;
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  window.endless.output.connect(analyser);
  const samples = new Float32Array(2048);
  window.loudness = [];
  const from = context.currentTime + 0.3; // when the analyser has something to look at
  setInterval(() => {
    if (context.currentTime < from) return;
    analyser.getFloatTimeDomainData(samples);
    window.loudness.push(Math.max(...samples.map(Math.abs)));
  }, 20);
}"""


@pytest.fixture(scope="module")
def track(live_studio: Any) -> str:
    """The id of a short track that has its sound."""
    job = live_studio.ask("POST", "/jobs/lofi", {"seed": 7, "settings": {"minutes": 0.2}})
    while (job := live_studio.ask("GET", f"/jobs/{job['id']}"))["state"] != "done":
        assert job["state"] in ("waiting", "running")
    found: str = job["pieces"][0]
    return found


def test_every_wheel_is_a_euclidean_rhythm(open_page: Any) -> None:
    page = open_page("/help")
    found = page.evaluate("""async () => {
      const { pattern } = await import("/static/wheel.js");
      const rows = {};
      for (let n = 1; n <= 32; n += 1)
        for (let k = 0; k <= n; k += 1)
          for (const turn of [0, 1, n - 1])
            rows[`${k} ${n} ${turn}`] = pattern(k, n, turn).map((hit) => ".x"[+hit]).join("");
      return rows;
    }""")
    wrong = [
        named
        for named, row in found.items()
        if row != "".join(".x"[hit] for hit in pattern(*map(int, named.split())))
    ]
    assert len(found) > 1000
    assert not wrong


def test_faders_of_the_browser_are_those_of_the_server(open_page: Any) -> None:
    page = open_page("/help")
    stem = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 64)).astype(np.float32)
    for gain_db, pan in ((0, 0), (-6, -0.7), (3.5, 0.25), (-12, 1)):
        found = page.evaluate(
            """async ([left, right, gain, pan]) => {
              const context = new OfflineAudioContext(2, left.length, 44100);
              const buffer = context.createBuffer(2, left.length, 44100);
              buffer.copyToChannel(new Float32Array(left), 0);
              buffer.copyToChannel(new Float32Array(right), 1);
              const source = new AudioBufferSourceNode(context, { buffer });
              source.connect(new GainNode(context, { gain }))
                .connect(new StereoPannerNode(context, { pan })).connect(context.destination);
              source.start();
              const out = await context.startRendering();
              return [0, 1].map((side) => [...out.getChannelData(side)]);
            }""",
            [*stem.tolist(), 10 ** (gain_db / 20), pan],
        )
        expected = through(stem, Fader(10 ** (gain_db / 20), pan))
        assert np.abs(np.array(found) - expected).max() < 1e-6


def test_a_track_is_heard_and_mixed_from_the_first_click(open_page: Any, until: Any) -> None:
    page = open_page("/lofi")
    page.get_by_label("Minutes", exact=True).fill("0.5")
    page.locator(".lofi-make").click()
    until(page, "document.querySelector('.play-button')?.ariaLabel === 'Pause'", 240)
    until(page, f"{STATE} === 'mix'", 240)
    assert "/lofi/" in page.url
    page.evaluate(STATES)
    page.evaluate(MOVE, ["Rain-gain", "-12"])
    until(page, f"window.states.some((state) => state !== 'mix') && {STATE} === 'mix'", 60)
    page.reload()
    until(page, f"{STATE} === 'mix'", 60)
    assert page.evaluate("document.querySelector('[data-name=\"Rain-gain\"]').value") == "-12"


def test_solo_is_heard_and_not_exported(open_page: Any, until: Any, track: str) -> None:
    page = open_page(f"/lofi/{track}")
    until(page, f"{STATE} === 'mix'", 60)
    until(page, "document.querySelectorAll('.strip-toggle').length > 10")
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Only Bass").click()
    until(page, f"{STATE} === 'solo'")
    page.get_by_role("button", name="Only Bass").click()
    until(page, f"{STATE} === 'mix'", 60)


def test_solo_before_there_are_stems_is_heard_when_they_come(
    open_page: Any, until: Any, track: str
) -> None:
    page, held, late = open_page("/help"), [], []
    page.route("**/stems/**", lambda route: route.continue_() if late else held.append(route))
    page.goto(page.url.replace("/help", f"/lofi/{track}"))
    until(page, f"{STATE} === 'mix' && document.querySelectorAll('.strip-toggle').length > 10", 60)
    page.get_by_role("button", name="Only Bass").click()
    assert page.evaluate(STATE) == "mix"
    while not held:
        page.wait_for_timeout(40)
    late.append(True)
    for route in held:
        route.continue_()
    until(page, f"{STATE} === 'solo'", 60)


def test_a_wheel_is_turned_by_keys_and_becomes_a_wish(
    open_page: Any, until: Any, track: str
) -> None:
    page = open_page(f"/lofi/{track}")
    until(page, f"{STATE} === 'mix'", 60)
    page.locator("summary", has_text="Beat").click()
    page.get_by_role("button", name="Add a wheel").click()
    wheel = page.locator(".wheel-face")
    wheel.focus()
    for key in ("ArrowUp", "ArrowRight", "PageUp"):
        page.keyboard.press(key)
    assert wheel.get_attribute("aria-valuetext") == "6 strokes in 17 steps, turned by 15"
    assert page.locator(".wheel-name").text_content() == "E(6, 17)"
    assert "1 change" in page.locator(".lofi-make").text_content()
    hear = page.get_by_role("button", name="Hear it")
    assert hear.get_attribute("aria-pressed") == "true"
    until(page, "document.querySelector('.wheel-dot.now')")


@pytest.mark.parametrize("width", [1440, 900, 360])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_lies_beside_the_page(
    width: int, dark: bool, open_page: Any, until: Any, track: str
) -> None:
    page = open_page(f"/lofi/{track}", width=width, dark=dark)
    until(page, f"{STATE} === 'mix'", 60)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    small = page.evaluate("""() => [...document.querySelectorAll(".lofi button")]
      .filter((one) => one.checkVisibility() && !one.closest(".stepper"))
      .filter((one) => one.getBoundingClientRect().height < 43)
      .map((one) => one.ariaLabel || one.textContent)""")
    assert not small


def test_endless_sections_join_to_the_sample_and_are_never_silent(
    open_page: Any, until: Any
) -> None:
    page = open_page("/help")
    page.evaluate(ENDLESS, {"bpm": 200, "minutes": 1})
    until(page, "window.endless.laid.length > 0", 60)
    page.evaluate("window.endless.context.suspend()")  # the server may be slow
    page.evaluate(HEARD)
    until(page, "window.endless.laid.length > 1", 60)
    page.evaluate("window.endless.context.resume()")
    until(page, "window.endless.seconds > window.endless.laid[0].end + 1", 60)
    laid = page.evaluate("window.endless.laid")
    for before, after in itertools.pairwise(laid):
        assert after["start"] == before["start"] + before["length"]
    assert page.evaluate("Math.min(...window.loudness)") > 1e-4
    assert page.evaluate("navigator.mediaSession.playbackState") == "playing"
    left = page.evaluate("window.endless.sleepIn(0.03), window.endless.left")
    assert 1.5 < left < 1.9  # of 1.8 seconds
    until(page, "window.endless.output.gain.value < 0.2")
    until(page, "!window.endless.playing")


def test_endless_that_is_begun_stopped_and_begun_again_is_one(open_page: Any, until: Any) -> None:
    page = open_page("/help")
    page.evaluate("""() => {
      const real = window.fetch;
      window.asked = [];
      window.fetch = (...asked) => {
        if (String(asked[0]).endsWith("/section")) window.asked.push(JSON.parse(asked[1].body));
        return real(...asked);
      };
    }""")
    page.evaluate("""async () => {
      const { Endless } = await import("/static/endless.js");
      const settings = { bpm: 200, minutes: 1 };
      const endless = new Endless(() => ({ preset: "dusty", settings, seed: 7 }));
      window.endless = endless;
      void endless.start();
      void endless.start();
      endless.stop();
      void endless.start();
    }""")
    until(page, "window.endless.laid.length > 1", 60)
    asked = [(row["stream"], row["number"]) for row in page.evaluate("window.asked")]
    first, *rest = asked
    assert [number for _, number in rest] == list(range(len(rest)))
    assert {stream for stream, _ in rest} == {rest[0][0]} != {first[0]}
    page.evaluate("window.endless.close()")


def test_endless_goes_round_where_the_server_is_late(open_page: Any, until: Any) -> None:
    page = open_page("/help")
    page.evaluate("""() => {
      const real = window.fetch;
      window.asked = 0;
      window.late = new Promise((done) => { window.hurry = done; });
      window.fetch = async (...asked) => {
        if (String(asked[0]).endsWith("/section") && window.asked++) await window.late;
        return real(...asked);
      };
    }""")
    page.evaluate(ENDLESS, {"bpm": 200, "minutes": 1})
    until(page, "window.endless.laid.length > 0", 60)
    page.evaluate(HEARD)
    last = page.evaluate("window.endless.laid[0].end")
    until(page, f"window.endless.seconds > {last} + 9", 240)  # round once
    page.evaluate("window.hurry()")
    until(page, "window.endless.laid.length > 1", 60)
    assert page.evaluate("window.endless.laid[1].start") / 44_100 > last + 9
    page.wait_for_timeout(1500)
    loudness = json.loads(page.evaluate("JSON.stringify(window.loudness)"))
    assert min(loudness) > 1e-4
    page.evaluate("window.endless.stop()")


def test_endless_goes_on_where_its_state_was_lost(
    open_page: Any, until: Any, live_studio: Any
) -> None:
    page = open_page("/help")
    page.evaluate(ENDLESS, {"bpm": 200, "minutes": 1})
    until(page, "window.endless.laid.length > 0", 60)
    page.evaluate("""() => {
      const real = window.fetch;
      window.lost = 0;
      window.fetch = async (...asked) => {
        if (!String(asked[0]).endsWith("/section") || window.lost++) return real(...asked);
        const error = { code: "missing", what: "gone", why: "", fix: "" };
        return new Response(JSON.stringify({ error }), { status: 404 });
      };
    }""")
    until(page, "window.lost > 1 && window.endless.laid.length > 1", 240)
    assert page.evaluate("window.endless.playing && !window.endless.trouble")
    page.evaluate("window.endless.stop()")


def test_endless_says_that_it_draws_its_own_chords(open_page, until, live_studio, track) -> None:
    live_studio.add("X:1\nT:A source\nM:4/4\nL:1/8\nK:G\nGABc d2g2|g8|]\n")
    page = open_page("/lofi")
    until(page, "document.querySelector('.endless')")
    said = page.get_by_text("Endless draws chords of its own")
    assert said.is_hidden()
    page.get_by_label("Made from").select_option(label="A source")
    assert said.is_visible()


def test_the_strips_of_a_mixer_stand_in_a_row_on_a_tablet(open_page, until, track) -> None:
    page = open_page(f"/lofi/{track}", width=900)
    until(page, f"{STATE} === 'mix'", 60)
    until(page, "document.querySelectorAll('.strip:not(.strip-master)').length === 7")
    strips = page.locator(".strip:not(.strip-master)")
    tops = {strip.bounding_box()["y"] for strip in strips.all()}
    assert len(tops) == 1
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("kind", ["stems", "loop", "mp3"])
def test_what_was_taken_of_a_track_and_is_dropped_anywhere_leads_back_to_it(
    open_page, until, live_studio, track, tmp_path, kind
) -> None:
    address = f"{live_studio.address}/api/lofi/tracks/{track}/exports/{kind}"
    with urllib.request.urlopen(address) as answer:
        name = answer.headers.get_filename()
        (tmp_path / name).write_bytes(answer.read())
    page = open_page("/help")
    until(page, "document.querySelector('#about dl')")
    mouse = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(tmp_path / name)], "dragOperationsMask": 1}
    for event in ("dragEnter", "dragOver", "drop"):
        mouse.send("Input.dispatchDragEvent", {"type": event, "x": 600, "y": 300, "data": data})
    until(page, f"location.pathname === '/lofi/{track}'")
