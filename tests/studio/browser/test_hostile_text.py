"""Text from files that would like to be a program: in the browser it stays text.

A hundred payloads stand in nine places: title, composer, words and remarks of ABC, names, lyrics
and markers of MIDI, titles and credits of MusicXML, and the names of the files. Every screen that
shows such text is looked at. A first test shows that they are sharp where nobody takes care.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import mido
import pytest

PAYLOADS = (
    "<script>hit()</script>",
    "<ScRiPt>hit()</sCrIpT>",
    "<script>hit()//",
    "<script src=data:,hit()></script>",
    "<script type=module>hit()</script>",
    "<script\x0bx>hit()</script>",
    '"><script>hit()</script>',
    "'><script>hit()</script>",
    "</title><script>hit()</script>",
    "</textarea><script>hit()</script>",
    "</style><script>hit()</script>",
    "</script><script>hit()</script>",
    "--><script>hit()</script>",
    "]]><script>hit()</script>",
    "<!--><script>hit()</script>-->",
    "<![CDATA[<script>hit()</script>]]>",
    "<?xml-stylesheet href='javascript:hit()'?><b onmouseover=hit()>",
    "<scr<script>ipt>hit()</scr</script>ipt>",
    "<noscript><p title='</noscript><img src=x onerror=hit()>'>",
    "<template><script>hit()</script></template><img src=x onerror=hit()>",
    "<img src=x onerror=hit()>",
    "<img src=x onerror='hit()'>",
    '<img src="x" onerror="hit()">',
    "<img src=x onerror=hit`1`>",
    "<img/src=x/onerror=hit()>",
    "<img src=x:x onerror=hit() //",
    "<IMG SRC=x ONERROR=hit()>",
    "<img src=x onerror=&#104;&#105;&#116;()>",
    "<img src=x onerror=&#x68;it()>",
    "<img src=x onerror=\\u0068it()>",
    "<img src=x onerror=eval('hi'+'t()')>",
    "<img src=x onerror=setTimeout('hit()')>",
    "<img src=x onerror=top['hit']()>",
    "<img src=x onerror=window['h\\x69t']()>",
    "<img src=x onerror=Function('hit()')()>",
    "<img src=x onerror=import('data:text/javascript,top.hit()')>",
    '"><img src=x onerror=hit()>',
    "'><img src=x onerror=hit()>",
    "\"'><img src=x onerror=hit()>",
    "</p><img src=x onerror=hit()><p>",
    "<img srcset=x onerror=hit()>",
    "<image src=x onerror=hit()>",
    "<video src=x onerror=hit()></video>",
    "<video><source onerror=hit()></video>",
    "<audio src=x onerror=hit()></audio>",
    "<object data=x onerror=hit()></object>",
    "<object data='data:text/html,<script>parent.hit()</script>'></object>",
    "<embed src='javascript:hit()'>",
    "<input autofocus onfocus=hit()>",
    "<select autofocus onfocus=hit()></select>",
    "<textarea autofocus onfocus=hit()></textarea>",
    "<button autofocus onfocus=hit()>x</button>",
    "<a href=# autofocus onfocus=hit()>x</a>",
    "<div tabindex=1 autofocus onfocus=hit()>x</div>",
    "<details open ontoggle=hit()><summary>x</summary>y</details>",
    "<marquee onstart=hit()>x</marquee>",
    "<body onload=hit()>",
    "<body onpageshow=hit()>",
    "<svg onload=hit()>",
    "<svg/onload=hit()>",
    "<svg><script>hit()</script></svg>",
    "<svg><script href='data:text/javascript,hit()'/></svg>",
    "<svg><animate onbegin=hit() attributeName=x dur=1s>",
    "<svg><set onbegin=hit() attributeName=x>",
    "<svg><image href=x onerror=hit()>",
    "<svg><a xlink:href='javascript:hit()'><text y=20>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=hit()/>#x'/></svg>",
    "<svg><foreignObject><img src=x onerror=hit()></foreignObject></svg>",
    "<svg><style><img src=x onerror=hit()></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=hit()>",
    "<math href='javascript:hit()'>x</math>",
    "<iframe src='javascript:parent.hit()'></iframe>",
    "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
    "<iframe onload=hit()></iframe>",
    "<frameset onload=hit()>",
    "<link rel=stylesheet href=x onerror=hit()>",
    "<link rel=import href='data:text/html,<script>hit()</script>'>",
    "<style onload=hit()>x{}</style>",
    "<style>@import 'http://203.0.113.1/x.css';</style>",
    "<p style=animation:x onanimationstart=hit()>x</p><style>@keyframes x{}</style>",
    "<base href='http://203.0.113.1/'>",
    "<meta http-equiv=refresh content='0;url=javascript:hit()'>",
    "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">",
    "<form action='javascript:hit()'><input type=submit autofocus></form>",
    "<button formaction='javascript:hit()'>x</button>",
    "<isindex action='javascript:hit()' type=image>",
    "<a href='javascript:hit()'>x</a>",
    "<a href=' java\tscript:hit()'>x</a>",
    "javascript:hit()",
    "javascript:/*--></title></style></textarea></script><svg onload='hit()'>",
    "data:text/html,<script>top.hit()</script>",
    "//203.0.113.1/x.js",
    "{{constructor.constructor('hit()')()}}",
    "${hit()}",
    "#{hit()}",
    "<%= hit() %>",
    "\u202e<img src=x onerror=hit()>\u202c",
    "\uff1cscript\uff1ehit()\uff1c/script\uff1e",
    "%3Cscript%3Ehit()%3C/script%3E",
    "&lt;img src=x onerror=hit()&gt;",
)
SHARP = 55  # of them, at least, run where they are taken for markup
HIT = """
window.hits = [];
window.hit = () => window.hits.push(document.title);
window.reports = [];
addEventListener("securitypolicyviolation", (e) => window.reports.push(e.violatedDirective));
"""
CARELESS = """async ([payloads, enough]) => {
  let ran = 0;
  for (const payload of payloads) {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    frame.contentWindow.hit = () => { ran += frame.done ? 0 : 1; frame.done = true; };
    try { frame.contentDocument.write(payload); frame.contentDocument.close(); } catch {}
  }
  const end = performance.now() + 20000;
  while (ran < enough && performance.now() < end) await new Promise((done) => setTimeout(done, 50));
  return ran;
}"""
DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files)
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
  const drop = new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true});
  document.body.dispatchEvent(drop);
}"""
MARKUP = """document.querySelectorAll(
  "[onerror], [onload], [onfocus], iframe, script:not([src]), img[src=x], base, object, embed",
).length"""
READY = "document.querySelector('.play-button')?.disabled === false"
ROWS = "document.querySelectorAll('.pieces .piece').length"


def test_there_are_a_hundred_and_they_are_sharp(browser: Any) -> None:
    assert len(set(PAYLOADS)) == 100
    context = browser.new_context()
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    assert page.evaluate(CARELESS, [PAYLOADS, SHARP]) >= SHARP
    context.close()


def line(payload: str) -> str:
    """Return a payload as it may stand in one line."""
    return " ".join(payload.split())


def book() -> str:
    """Return a hundred tunes of which each holds its payload in four fields."""
    tune = "X:{}\nT:{}\nC:{}\nN:{}\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\nw:{}\n"
    texts = [line(payload) for payload in PAYLOADS]
    return "\n".join(tune.format(i, t, t, t, t) for i, t in enumerate(texts, 1))


def packed() -> str:
    """Return one tune with all payloads in all fields."""
    texts = [line(payload) for payload in PAYLOADS]
    head = "".join(f"{field}:{text}\n" for field in "TCNRSOHZ" for text in texts)
    music = "".join(
        f'"^{t.replace(chr(34), "")}"CDEF "<{i}"GABc|\nw:{t}\n' for i, t in enumerate(texts)
    )
    return f"X:1\n{head}M:4/4\nL:1/8\nK:C\n{music}"


def midi(texts: list[str]) -> bytes:
    """Return a file with a track for each text, which is its name, lyric, marker, cue ..."""
    file = mido.MidiFile(charset="utf-8")
    for i, text in enumerate(texts):
        kinds = ("track_name", "text", "copyright", "instrument_name")
        track = [
            mido.MetaMessage(kind, **{"name" if "name" in kind else "text": text}) for kind in kinds
        ]
        track += [mido.MetaMessage(kind, text=text) for kind in ("lyrics", "marker", "cue_marker")]
        track += [
            mido.Message("note_on", note=i % 97 + 20),
            mido.Message("note_off", note=i % 97 + 20, time=480),
        ]
        file.tracks.append(mido.MidiTrack(track))
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def musicxml(texts: list[str]) -> bytes:
    """Return a score with a part for each text, which is its name, its credit, its lyric ..."""
    marked = [escape("".join(c for c in text if c.isprintable())) for text in texts]
    credits = "".join(f"<credit><credit-words>{t}</credit-words></credit>" for t in marked)
    parts = "".join(
        f'<score-part id="P{i}"><part-name>{t}</part-name></score-part>'
        for i, t in enumerate(marked)
    )
    bar = (
        "<measure number='1'><attributes><divisions>1</divisions></attributes>"
        "<direction><direction-type><words>{0}</words></direction-type></direction>"
        "<note><pitch><step>C</step><octave>5</octave></pitch><duration>4</duration>"
        "<type>whole</type><lyric><text>{0}</text></lyric></note></measure>"
    )
    music = "".join(f'<part id="P{i}">{bar.format(t)}</part>' for i, t in enumerate(marked))
    return (
        f"<score-partwise version='4.0'><work><work-title>{marked[0]}</work-title></work>"
        f"<identification><creator type='composer'>{marked[-1]}</creator></identification>"
        f"{credits}<part-list>{parts}</part-list>{music}</score-partwise>"
    ).encode()


@pytest.fixture
def watched(browser: Any, live_studio: Any) -> Iterator[Callable[..., Any]]:
    """A function that opens a page in which nothing of a payload may run."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    context.add_init_script(HIT)
    wrong: list[str] = []

    def own(request: Any) -> None:
        if not request.url.startswith((live_studio.address + "/", "data:", "blob:")):
            wrong.append(f"asked for {request.url}")

    def said(heard: Any) -> None:
        if heard.type in ("error", "warning") and "Failed to load resource" not in heard.text:
            wrong.append(heard.text)  # an address that holds a payload leads nowhere: 404

    def asked(dialog: Any) -> None:
        wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def opened(path: str) -> Any:
        page = context.new_page()
        for event, heard in {"request": own, "console": said, "dialog": asked}.items():
            page.on(event, heard)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.goto(live_studio.address + path)
        page.locator("#main h1, #main h2").first.wait_for()
        return page

    yield opened
    for page in context.pages:
        page.wait_for_timeout(200)
        check(page)
    context.close()
    assert not wrong, "\n".join(wrong)


def check(page: Any) -> None:
    """See that nothing ran, nothing was reported, and no markup came of any text."""
    assert page.evaluate("window.hits") == []
    assert page.evaluate("window.reports") == []
    assert page.evaluate(MARKUP) == 0


def encoded(files: list[tuple[str, bytes]]) -> list[list[str]]:
    return [[name, base64.b64encode(data).decode()] for name, data in files]


@pytest.fixture(scope="module")
def shelf(live_studio: Any) -> Any:
    """The studio with a tune for each payload and one that holds them all."""
    live_studio.add(book())
    live_studio.add(packed())
    return live_studio


def test_files_that_are_dropped_and_what_is_wrong_with_some(watched, until, shelf) -> None:
    """Names of files, of tracks, of parts; and the names of a hundred files that are no music."""
    page = watched("/library")
    had = shelf.ask("GET", "/pieces?limit=1")["total"]
    good = [(f"{payload}.mid", midi([line(payload)])) for payload in PAYLOADS[::10]]
    good += [(f"{payload}.musicxml", musicxml([payload])) for payload in PAYLOADS[5::10]]
    bad = [(f"{payload}.abc", b"") for payload in PAYLOADS]
    page.evaluate(DROP, encoded(good + bad))
    until(page, "document.querySelectorAll('.library-wrong li').length >= 100", 120)
    page.locator(".library-wrong summary").click()
    names = page.locator(".library-wrong li strong").all_inner_texts()
    assert any("onerror" in name for name in names)
    assert shelf.ask("GET", "/pieces?limit=1")["total"] == had + 20
    check(page)


def test_all_rows_of_the_library_and_the_bin(watched, until, shelf) -> None:
    page = watched("/library?sort=title")
    total = shelf.ask("GET", "/pieces?limit=1")["total"]
    until(page, f"{ROWS} > 0")
    while (rows := page.evaluate(ROWS)) < total:
        page.evaluate("document.querySelector('.library-foot button')?.click()")
        until(page, f"{ROWS} > {rows}")
    shown = page.evaluate("[...document.querySelectorAll('.piece-name')].map(e => e.textContent)")
    titles = {title.strip() for title in shown} & {line(payload) for payload in PAYLOADS}
    assert len(titles) >= 90  # of some, ABC or the library takes entities, comments, controls
    page.get_by_role("searchbox").fill("<img src=x onerror=hit()>")
    until(page, f"{ROWS} < {total} && {ROWS} > 0")
    page.locator(".piece").first.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Rename").click()
    page.keyboard.press("Escape")
    page.locator(".piece").first.get_by_role("button", name="More").click()
    page.get_by_role("button", name="bin", exact=False).last.click()
    until(page, "document.querySelector('.notice')")
    check(page)
    ids = [item["id"] for item in shelf.ask("GET", "/pieces?limit=500")["items"][:120]]
    shelf.ask("POST", "/bin", {"ids": ids})
    page.goto(shelf.address + "/library?bin=1")
    until(page, f"{ROWS} > 100")
    page.locator(".binned .icon-button").first.click()
    until(page, "document.querySelector('dialog[open]')")
    check(page)
    page.keyboard.press("Escape")
    for number in ids:
        shelf.ask("POST", f"/bin/{number}/restore")


@pytest.mark.parametrize("kind", ["abc", "mid", "first half.musicxml", "second half.musicxml"])
def test_a_piece_that_holds_them_all_on_its_page(watched, until, shelf, kind) -> None:
    """Roll, score, text, tracks, recipe, menus, and the piece that is made of it."""
    page = watched("/library")
    texts = [line(payload) for payload in PAYLOADS]
    data = {
        "abc": packed().encode(),
        "mid": midi(texts),
        "first half.musicxml": musicxml(texts[:50]),
        "second half.musicxml": musicxml(texts[50:]),
    }[kind]
    page.evaluate(DROP, encoded([(f"<img src=x onerror=hit()>.{kind}", data)]))
    until(page, READY, 60)
    for view in ("Roll", "Score", "Text", "Both"):
        page.get_by_role("button", name=view, exact=True).click()
        page.wait_for_timeout(150)
    until(page, "document.querySelector('.score svg')", 60)
    check(page)
    page.locator("[data-does=export]").first.click()
    until(page, "document.querySelector('.export-item')")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Change the title").click()
    assert "<" in page.locator("input[name=title]").input_value()
    page.keyboard.press("Escape")
    page.locator("details.recipe summary").click()
    page.keyboard.press("Space")
    check(page)
    was = page.url
    page.locator("[data-does=transpose]").click()
    page.get_by_role("button", name="+2").or_(
        page.locator(".transpose-steps button").nth(6)
    ).first.click()
    until(page, f"location.href !== {was!r} && document.querySelector('.notice')")
    check(page)


def test_compose_and_addresses_that_hold_them(watched, until, shelf) -> None:
    page = watched("/")
    until(page, READY)
    page.get_by_text("Start from").click()
    page.get_by_role("radio", name="Library").locator("..").click()
    page.get_by_role("searchbox").fill("onerror")
    until(page, "document.querySelectorAll('.start-found button').length > 1")
    page.locator(".start-found button").first.click()
    until(page, "document.querySelector('.start-chosen strong')?.textContent.includes('<')")
    page.get_by_role("radio", name="My notes").locator("..").click()
    for text in PAYLOADS[::9]:
        page.get_by_label("Notes, in ABC").fill(f'"{line(text)}"A {text}')
        page.wait_for_timeout(40)
    until(page, "document.querySelector('.start-shown').textContent !== ''")
    check(page)
    addresses = (
        "/p/{}",
        "/library?q={}",
        "/models/{}",
        "/?model={}&key={}&tempo={}",
        "/?from={}",
        "/lofi/{}",
        "/help#{}",
    )
    for path, text in zip(itertools.cycle(addresses), PAYLOADS[::8], strict=False):
        quoted = page.evaluate("encodeURIComponent", text)
        page.evaluate(
            "async ([path]) => (await import('/static/router.js')).go(path)",
            [path.replace("{}", quoted)],
        )
        page.wait_for_timeout(120)
        check(page)


JOB = {
    "verb": "lofi", "created": "2026-01-01T00:00:00+00:00", "progress": 0.3, "eta_s": 4.0,
    "stopping": False, "pieces": [], "result": None, "arguments": {},
}  # fmt: skip


def test_the_list_of_jobs(watched, until, shelf) -> None:
    """A track that is made again under its title; then all payloads as titles and errors."""
    job = shelf.ask("POST", "/jobs/lofi", {"seed": 7, "settings": {"minutes": 0.2}})
    while (job := shelf.ask("GET", f"/jobs/{job['id']}"))["state"] != "done":
        assert job["state"] in ("waiting", "running")
    (track,) = job["pieces"]
    shelf.ask("PATCH", f"/pieces/{track}", {"title": PAYLOADS[20]})
    shelf.ask("POST", "/jobs/lofi", {"piece": track})
    page = watched("/help")
    page.locator(".badge").click()
    until(page, f"document.querySelector('.jobs-name')?.textContent.includes({PAYLOADS[20]!r})")
    check(page)
    jobs: list[dict[str, Any]] = []
    page.route("**/api/events", lambda route: route.fulfill(
        content_type="text/event-stream",
        body="".join(f"event: job\ndata: {json.dumps(job)}\n\n" for job in reversed(jobs)),
    ))  # fmt: skip
    for first in range(0, 100, 8):
        texts = PAYLOADS[first : first + 8]
        jobs[:] = [
            JOB | {
                "id": str(i), "title": text, "state": "failed" if i % 2 else "running",
                "error": {"code": "input", "what": text, "why": text, "fix": text},
            }
            for i, text in enumerate(texts)
        ]  # fmt: skip
        page.goto(f"{shelf.address}/help")
        page.locator(".badge").click()
        until(page, f"document.querySelectorAll('.jobs-name').length === {len(texts)}")
        shown = page.evaluate(
            "[...document.querySelectorAll('.jobs-name')].map(e => e.textContent)"
        )
        # The stream has ended, so it is asked for again: jobs that are told again change places.
        assert sorted(shown) == sorted(f"Lo-fi track: {text}" for text in texts)
        check(page)


def test_a_book_in_the_folder_whose_name_and_first_title_are_no_text(watched, shelf) -> None:
    folder = Path(shelf.ask("GET", "/about")["library"])
    tune = "X:1\nT:<img src=x onerror=hit()>\nK:C\nCDEF|\n\n"
    (folder / "<img src=x onerror=hit()>.abc").write_text(tune + tune.replace("CD", "EF"))
    page = watched("/library")
    page.wait_for_timeout(1100)  # the folder is looked through once a second
    page.reload()
    page.locator(".library-book").wait_for()
    assert page.locator(".library-book").inner_text().count("<img") == 2
