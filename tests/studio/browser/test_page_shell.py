"""The page around the screens: addresses, languages, themes, keys, telephones, screen readers."""

from __future__ import annotations

from functools import partial

import pytest

SCREENS = ["/", "/models", "/models/folk", "/help"]
HEAD = "document.querySelector('#main h1, #main h2') !== null"
WIDE = "document.documentElement.scrollWidth - innerWidth"
SMALL = """() => [...document.querySelectorAll(
    'button, .bar a, select, input:not([type=radio], [type=file])')]
  .filter((el) => el.checkVisibility() && el.tabIndex >= 0)
  .map((el) => [el, el.getBoundingClientRect()])
  .filter(([el, box]) => box.height > 0 && (box.height < 35.5 || box.width < 30))
  .map(([el, box]) => `${el.outerHTML.slice(0, 90)} ${box.width} x ${box.height}`)"""


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_serious_is_found_by_axe(open_page, until, path, dark) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(path, dark=dark, still=True)
    until(page, HEAD)
    page.wait_for_timeout(500)
    found = axe.Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found
               if one["impact"] in ("serious", "critical")]  # fmt: skip
    assert not serious


@pytest.mark.parametrize("path", ["/", "/models", "/models/folk", "/help"])
def test_a_telephone_shows_it_without_scrolling_sideways(open_page, until, path) -> None:
    page = open_page(path, width=360, height=740, touch=True)
    until(page, HEAD)
    page.wait_for_timeout(600)
    assert page.evaluate(WIDE) <= 0
    assert not page.evaluate(SMALL)


def test_addresses_back_and_forward(open_page, until) -> None:
    page = open_page("/")
    page.get_by_role("link", name="Models", exact=True).click()
    until(page, "document.querySelector('h1')?.textContent === 'Models'")
    page.get_by_role("link", name="folk", exact=True).click()
    until(page, "document.querySelector('h1')?.textContent === 'folk'")
    assert page.url.endswith("/models/folk")
    assert page.title() == "folk · Nokturn"
    page.go_back()
    until(page, "document.querySelector('h1')?.textContent === 'Models'")
    page.go_forward()
    until(page, "document.querySelector('h1')?.textContent === 'folk'")


def test_work_is_listed_as_it_goes(open_page, live_studio, until) -> None:
    page = open_page("/help")
    asked = []
    page.on("request", lambda request: asked.append(request.url.partition("/api")[2]))
    page.locator(".badge").click()
    until(page, "document.querySelector('.jobs')")
    job = live_studio.ask("POST", "/jobs/generate", {"bars": 2, "seed": 3})
    until(page, "document.querySelector('.jobs-row[data-state=done] a')")
    (piece,) = live_studio.ask("GET", f"/jobs/{job['id']}")["pieces"]
    page.locator(".jobs-row a").first.click()
    page.wait_for_url(f"**/p/{piece}")
    assert "/jobs" not in asked  # the stream says it all


def test_focus_and_press_last_though_the_list_of_work_is_drawn_anew(
    open_page, live_studio, until
) -> None:
    page = open_page("/help")
    page.locator(".badge").click()
    cancel = page.get_by_role("button", name="Throw away")

    def drawn_anew() -> None:
        cancel.evaluate("button => { window.drawn = button }")
        until(page, "!window.drawn.isConnected")

    space = partial(page.keyboard.down, "Space"), partial(page.keyboard.up, "Space")
    for press, let_go in ((page.mouse.down, page.mouse.up), space):
        gone = page.locator(".jobs-row[data-state=cancelled]").count()
        live_studio.ask("POST", "/jobs/generate", {"bars": 256, "seed": 3, "n": 8})
        until(page, "document.querySelector('.jobs-row[data-state=running] progress')?.value > 0")
        cancel.focus()
        drawn_anew()
        assert page.evaluate("document.activeElement.textContent") == "Throw away"
        cancel.hover()
        press()
        drawn_anew()
        let_go()
        until(page, f"document.querySelectorAll('.jobs-row[data-state=cancelled]').length > {gone}")


def test_polish_is_whole_and_stays(open_page, until) -> None:
    page = open_page("/help")
    page.get_by_role("button", name="Language").click()
    page.get_by_role("button", name="Polski").click()
    until(page, "document.documentElement.lang === 'pl'")
    until(page, "document.querySelector('h1')?.textContent === 'Pomoc'")
    page.goto(page.url.replace("/help", "/models"))
    until(page, "document.querySelector('h1')?.textContent === 'Modele'")
    page.get_by_role("link", name="Komponuj").wait_for()


def test_the_theme_is_chosen_and_stays(open_page, until) -> None:
    page = open_page("/help")
    button = page.get_by_role("button", name="Theme")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    button.click()  # light
    assert page.evaluate(ground) == light
    button.click()  # dark
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_keys_are_listed_and_can_be_switched_off(open_page, until) -> None:
    page = open_page("/help")
    until(page, "document.querySelector('#keys')")
    page.keyboard.press("?")
    until(page, "document.querySelector('dialog[open]')")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('dialog')")
    page.locator("#keys .segmented label").nth(1).click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_timeout(100)
    assert not page.evaluate("!!document.querySelector('dialog')")


def test_keys_leave_text_fields_alone(open_page, until) -> None:
    page = open_page("/")
    tempo = page.get_by_role("textbox", name="Tempo")
    tempo.focus()
    page.keyboard.type("1?/")
    assert tempo.input_value() == "1?/"
    assert page.url.endswith(":" + page.url.split(":")[-1].split("/")[0] + "/")
    assert not page.evaluate("!!document.querySelector('dialog')")


def test_the_keyboard_alone_reaches_the_content(open_page, until) -> None:
    page = open_page("/help")
    until(page, HEAD)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    until(page, "document.activeElement.id === 'main'")


def test_a_model_file_is_given_away_and_taken_in(open_page, until, tmp_path, live_studio) -> None:
    page = open_page("/models/rhythm")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Save as a file").click()
    kept = tmp_path / "my-rhythm.safetensors"
    waiting.value.save_as(kept)
    page.goto(live_studio.address + "/models")
    page.locator("input[type=file]").set_input_files(kept)
    until(page, "document.querySelector('h1')?.textContent === 'my-rhythm'")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    until(page, "document.querySelector('h1')?.textContent === 'Models'")
    names = [model["name"] for model in live_studio.ask("GET", "/models")]
    assert "my-rhythm" not in names


DROP = """([name, text]) => {
  const files = new DataTransfer();
  files.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true });
    document.getElementById("main").dispatchEvent(event);
  }
}"""


def test_a_file_dropped_anywhere_is_shown_as_a_piece(open_page, until, live_studio) -> None:
    page = open_page("/help")
    until(page, HEAD)
    tune = "X:1\nT:Dropped <img src=x onerror=alert(1)>\nM:4/4\nL:1/8\nK:G\nGABc d2g2|g8|]\n"
    page.evaluate(DROP, ["tune.abc", tune])
    until(page, "location.pathname.startsWith('/p/')")
    until(page, "document.querySelector('h1')?.textContent.includes('<img src=x')")
    assert live_studio.ask("GET", "/pieces?q=dropped")["total"] == 1


SAID = "(async () => (await import('/static/keyname.js')).keyName({key!r}))()"


@pytest.mark.parametrize(
    ("key", "english", "polish"),
    [
        ("D", "D major", "D-dur"),
        ("Bm", "B minor", "h-moll"),
        ("Bb major", "B♭ major", "B-dur"),
        ("F#m", "F♯ minor", "fis-moll"),
        ("Ador", "A dorian", "a dorycka"),
        ("Eb", "E♭ major", "Es-dur"),
        ("no key", "no key", "bez tonacji"),
    ],
)
def test_keys_are_said_as_musicians_of_the_language_do(
    open_page, until, key, english, polish
) -> None:
    page = open_page("/help")
    until(page, HEAD)
    ask = SAID.format(key=key)
    assert page.evaluate(ask) == english
    page.evaluate("import('/static/i18n.js').then(({ load }) => load('pl'))")
    assert page.evaluate(ask) == polish


def test_a_model_is_heard_on_its_page_and_writes_a_sample_once(
    open_page, until, live_studio
) -> None:
    page = open_page("/models/folk")
    until(page, HEAD)
    for _ in range(2):
        page.get_by_role("button", name="Sample 1").click()
        until(page, "document.querySelector('.play-button')?.ariaLabel === 'Pause'", 60)
        page.reload()
        until(page, HEAD)
    found = live_studio.ask("GET", "/pieces?model=folk")["items"]
    assert [piece["bars"] for piece in found if piece["seed"] == 1] == [16]


def test_facts_about_the_studio_are_pairs_of_a_name_and_a_value(open_page, until) -> None:
    page = open_page("/help")
    until(page, "document.querySelector('#about dl')")
    rows = "[...document.querySelectorAll('#about dt, #about dd')]"
    name, value, other, *_ = page.evaluate(f"{rows}.map((e) => e.getBoundingClientRect().y)")
    assert abs(name - value) < 8 < other - name
