"""The Library screen: find, hear, rename, choose many, drop files, bin and back."""

from __future__ import annotations

import io
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

KEYS = ("Ador", "D", "Em")
TUNE = "X:1\nT:{title}\nM:{meter}\nL:1/8\nQ:1/4=180\nK:{key}\nA2Bc d2ef|g2fe d2cB|\n"
TITLES = "[...document.querySelectorAll('.piece-name')].map((el) => el.textContent)"


@pytest.fixture
def pieces(live_studio):
    """A library of six pieces; their ids by title."""
    every = live_studio.ask("GET", "/pieces?limit=500")["items"]
    if every:
        for piece in every:
            live_studio.ask("DELETE", f"/pieces/{piece['id']}")
    live_studio.ask("DELETE", "/bin")
    made = {}
    for number in range(6):
        title = f"Reel {number}" if number else "Żurek at the market"
        text = TUNE.format(title=title, meter="4/4", key=KEYS[number % 3])
        made[title] = live_studio.add(text)
    return made


@pytest.fixture
def library(pieces, open_page, until):
    """A page with the library of six pieces."""
    page = open_page("/library")
    until(page, "document.querySelectorAll('.piece').length === 6")
    return page


def titled(page, title):
    """Return the row of a piece."""
    return page.locator(".piece", has=page.get_by_text(title, exact=True))


def test_the_newest_comes_first_and_the_address_holds_what_is_shown(library, until):
    assert library.evaluate(TITLES)[0] == "Reel 5"
    library.get_by_label("Order").select_option("title")
    until(library, f"{TITLES}[0] === 'Reel 1'")
    library.get_by_label("Key", exact=True).select_option("A dorian")
    until(library, f"{TITLES}.length === 2")
    assert "key=A+dorian" in library.url
    library.reload()
    until(library, f"{TITLES}.join() === 'Reel 3,Żurek at the market'")


def test_a_slash_leads_to_the_search_and_words_narrow_the_list(library, until):
    library.keyboard.press("/")
    library.keyboard.type("zurek dorian")
    until(library, f"{TITLES}.length === 1")
    library.get_by_text("1 piece found").wait_for()
    library.keyboard.type(" nothing like it")
    library.get_by_role("button", name="Show all pieces").click()
    until(library, f"{TITLES}.length === 6")


def test_a_piece_is_renamed_where_it_stands(library, live_studio, pieces, until):
    titled(library, "Reel 2").get_by_role("link").focus()
    library.keyboard.press("F2")
    library.keyboard.press("Control+A")
    library.keyboard.type("Morning")
    library.keyboard.press("Enter")
    until(library, f"{TITLES}.includes('Morning')")  # at once; then the server is told
    while live_studio.ask("GET", f"/pieces/{pieces['Reel 2']}")["title"] != "Morning":
        library.wait_for_timeout(40)
    library.keyboard.press("F2")
    library.keyboard.type("thrown away")
    library.keyboard.press("Escape")
    until(library, f"{TITLES}.includes('Morning')")


def test_a_star_is_kept(library, live_studio, pieces, until):
    titled(library, "Reel 3").get_by_role("button", name="Star: Reel 3").click()
    while not live_studio.ask("GET", f"/pieces/{pieces['Reel 3']}")["starred"]:
        library.wait_for_timeout(40)
    library.get_by_role("button", name="Starred", exact=True).click()
    until(library, f"{TITLES}.join() === 'Reel 3'")


def test_what_is_deleted_comes_back_at_once(library, until):
    titled(library, "Reel 4").get_by_role("link").focus()
    library.keyboard.press("Delete")
    until(library, f"{TITLES}.length === 5")
    assert library.evaluate("document.activeElement.textContent") == "Reel 3"
    library.get_by_role("button", name="Undo").click()
    until(library, f"{TITLES}.length === 6")


def test_many_are_put_into_the_bin_and_restored_from_there(library, until):
    library.get_by_role("checkbox", name="Choose Reel 1").click()
    library.get_by_role("checkbox", name="Choose Reel 4").click(modifiers=["Shift"])
    library.get_by_text("4 chosen").wait_for()
    library.get_by_role("button", name="Put into the bin").click()
    until(library, f"{TITLES}.length === 2")
    library.get_by_role("link", name="Bin").click()
    until(library, f"{TITLES}.length === 4")
    library.get_by_role("button", name="Restore: Reel 2").click()
    until(library, f"{TITLES}.length === 3")
    library.get_by_role("button", name="Empty the bin").click()
    library.get_by_role("dialog").get_by_role("button", name="Empty the bin").click()
    until(library, "document.body.textContent.includes('The bin is empty.')")


def test_chosen_pieces_are_saved_as_one_archive(library):
    library.get_by_role("checkbox", name="Choose Reel 1").click()
    library.get_by_role("checkbox", name="Choose Reel 2").click()
    library.get_by_role("button", name="Export").click()
    with library.expect_download() as download:
        library.get_by_role("button", name="MIDI").click()
    saved = download.value
    assert saved.suggested_filename == "nokturn-2-mid.zip"
    archive = zipfile.ZipFile(io.BytesIO(saved.path().read_bytes()))
    assert len(archive.namelist()) == 2
    assert archive.testzip() is None


def test_a_piece_is_heard_and_another_takes_its_place(library, until):
    for title in ("Reel 1", "Reel 2"):
        titled(library, title).get_by_role("link").focus()
        library.keyboard.press("P")
        until(library, f"document.querySelector('.playing a')?.textContent === '{title}'")
    library.keyboard.press("Escape")
    until(library, "!document.querySelector('.playing')")


def test_files_are_added_and_what_is_wrong_is_told(library, until):
    files = library.locator("input[type=file]")
    book = b"X:1\nT:One\nK:C\nCDEF|\n\nX:2\nT:Two\nK:C\nCDEF|\n"
    files.set_input_files(
        [
            {"name": "book.abc", "mimeType": "text/plain", "buffer": book},
            {"name": "no.mid", "mimeType": "audio/midi", "buffer": b"nonsense"},
        ]
    )
    until(library, f"{TITLES}.length === 8")
    library.get_by_text("1 file was not added").click()
    library.get_by_text("no.mid: this is not music that I can read").wait_for()


def test_a_single_file_that_is_dropped_opens_its_piece(library, until):
    library.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["X:1\\nT:Dropped\\nK:G\\nGABc|\\n"], "dropped.abc"));
          for (const type of ["dragenter", "drop"]) {
            dispatchEvent(new DragEvent(type, { dataTransfer: transfer, cancelable: true }));
          }
        }"""
    )
    until(library, "location.pathname.startsWith('/p/')")
    until(library, "document.querySelector('h1')?.textContent.includes('Dropped')")


def test_a_sound_file_larger_than_may_be_sent_brings_its_tune_back(
    live_studio, library, until, tmp_path
):
    job = live_studio.ask("POST", "/jobs/generate", {"bars": 8, "seed": 5, "tempo": "20"})
    piece = wait_for(live_studio, job["id"])
    sound = f"{live_studio.address}/api/pieces/{piece}/exports/wav"
    with urllib.request.urlopen(sound) as answer:
        (tmp_path / "mix.wav").write_bytes(answer.read())
    assert (tmp_path / "mix.wav").stat().st_size > 10 << 20
    library.locator("input[type=file]").set_input_files(tmp_path / "mix.wav")
    until(library, f"location.pathname === '/p/{piece}'")


def wait_for(live_studio, job):
    """Return the piece that a job has made."""
    until = time.monotonic() + 60
    while (told := live_studio.ask("GET", f"/jobs/{job}"))["state"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.1)
    return told["pieces"][0]


def test_a_text_from_a_file_is_never_more_than_text(live_studio, pieces, open_page, until):
    evil = '<img src=x onerror="document.title=1"><script>document.title=1</script>'
    live_studio.add(TUNE.format(title=evil, meter="4/4", key="C"))
    page = open_page("/library")
    until(page, f"{TITLES}.length === 7")
    assert page.evaluate(TITLES)[0].startswith("<img src=x")
    assert page.title() == "Library · Nokturn"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", ["/library", "/library?bin=1", "/library?q=nothing"])
def test_every_state_fits_and_has_no_finding_of_axe(pieces, open_page, until, dark, path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_page(path, dark=dark, still=True)
    until(page, "document.querySelector('.piece, .empty') !== null")
    for width in (1440, 900, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page).response["violations"]
    assert [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found] == []


def test_targets_are_large_enough_for_fingers(pieces, open_page, until):
    page = open_page("/library", 360, touch=True)
    until(page, "document.querySelectorAll('.piece').length === 6")
    small = page.evaluate(
        """[...document.querySelectorAll('main :is(button, select, .piece-pick, .button)')]
          .filter((el) => el.checkVisibility())
          .map((el) => [el.outerHTML.slice(0, 80), el.getBoundingClientRect()])
          .filter(([, box]) => box.width < 43.5 || box.height < 43.5).map(([html]) => html)"""
    )
    assert small == []


def test_a_book_of_tunes_in_the_folder_is_told_of_and_opened(library, live_studio, until):
    folder = Path(live_studio.ask("GET", "/about")["library"])
    tunes = [TUNE.format(title=f"Page {n}", meter="4/4", key="D") for n in (1, 2, 3)]
    (folder / "old book.abc").write_text("\n".join(tunes))
    library.wait_for_timeout(1100)  # the folder is looked through once a second
    library.reload()
    told = library.locator(".library-book")
    told.wait_for()
    assert told.locator("p").inner_text() == (
        "old book.abc holds 3 tunes; the first, Page 1, is shown here."
    )
    told.get_by_role("button", name="Make pieces of the other 2").click()
    until(library, f"{TITLES}.includes('Page 3') && {TITLES}.includes('Page 2')")
    assert told.count() == 0
    library.locator("#notices", has_text="2 pieces were added.").wait_for()


def test_a_book_goes_into_the_bin_whole_and_that_is_said(library, live_studio, until):
    folder = Path(live_studio.ask("GET", "/about")["library"])
    book = folder / "short book.abc"
    book.write_text("\n".join(TUNE.format(title=f"Leaf {n}", meter="4/4", key="D") for n in (1, 2)))
    library.wait_for_timeout(1100)  # the folder is looked through once a second
    library.reload()
    until(library, f"{TITLES}.includes('Leaf 1')")
    row = titled(library, "Leaf 1")
    library.set_viewport_size({"width": 360, "height": 800})
    assert library.locator(".library-book p").bounding_box()["width"] > 200
    assert row.locator(".piece-music").inner_text().startswith("book of 2 tunes · ")
    row.locator("a").focus()
    library.keyboard.press("Delete")
    until(library, f"!{TITLES}.includes('Leaf 1')")
    said = "1 piece is in the bin. Along with 1 more tune of the same file."
    library.locator("#notices").get_by_text(said).wait_for()
    library.locator(".library-book").wait_for(state="detached")
    assert not book.exists()
    library.locator("#notices").get_by_role("button", name="Undo").click()
    until(library, f"{TITLES}.includes('Leaf 1')")
    assert book.read_text().count("T:Leaf") == 2
    with library.expect_response("**/stems/0.flac*"):  # asked for later, it would be an error
        row.locator("a").click()
    library.locator(".piece-title").get_by_role("button", name="Move to the bin").click()
    until(library, "location.pathname === '/library'")
    said = "Leaf 1 is in the bin. Along with 1 more tune of the same file."
    library.locator("#notices").get_by_text(said).wait_for()
    library.goto(f"{live_studio.address}/library?bin=1")
    gone = library.locator(".binned", has=library.get_by_text("Leaf 1", exact=True))
    assert "book of 2 tunes" in gone.inner_text()
    gone.get_by_role("button", name="Delete for good: Leaf 1").click()
    assert "Along with 1 more tune of the same file." in library.locator("dialog").inner_text()


def test_rows_that_were_never_laid_out_make_nothing_wider(library):
    library.evaluate(
        "const page = document.querySelector('.pieces-page').cloneNode(true);"
        "page.style.contentVisibility = 'hidden';"
        "document.querySelector('.pieces').append(page)"
    )
    for width in (360, 1280):
        library.set_viewport_size({"width": width, "height": 800})
        assert library.evaluate("document.documentElement.scrollWidth") <= width
