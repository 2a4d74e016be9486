"""The library over HTTP, with real workers: bring, list, see, hear, change, delete, take away."""

from __future__ import annotations

import asyncio
import io
import json
import os
import time
import zipfile

import pytest
from starlette.testclient import TestClient

from nokturn.errors import InputError
from nokturn.studio._cache import Cache
from nokturn.studio.app import create_app
from nokturn.studio.settings import Settings

REEL = """X:1
%nokturn {"model":"folk","seed":7}
T:Żurek's reel
R:reel
M:4/4
L:1/8
Q:1/4=180
K:Ador
|:eAAB c2BA|eAAB cBAG|eAAB c2Bc|dBGB A4:|
"""
TRAVERSALS = ("..%2f..%2fetc%2fpasswd", "....//etc", "%00", "reel.abc", "0" * 11, "F" * 12, "'--")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A running studio; its folder is ``studio.folder``."""
    folder = tmp_path_factory.mktemp("library")
    app = create_app(Settings(library=folder))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        client.folder = folder
        yield client


@pytest.fixture
def reel(studio):
    """The id of a piece."""
    return brought(studio, REEL)


def brought(studio, abc):
    """Bring a tune; return its id."""
    answer = studio.post("/api/pieces", json={"abc": abc})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"][0]


def uploaded(studio, *files):
    """Bring files, name and data each; return the answer."""
    answer = studio.post("/api/pieces", files=[("file", file) for file in files])
    assert answer.status_code == 200, answer.text
    return answer.json()


def wrong(answer, status, code):
    """Return what an error says, which must be the one expected."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    return f"{error['what']} {error['fix']}"


def test_a_text_becomes_a_piece_that_lists_tell_of(studio, reel):
    told = studio.get(f"/api/pieces/{reel}").json()
    assert told["title"] == "Żurek's reel"
    assert (told["key"], told["meter"], told["tempo_qpm"]) == ("A dorian", "4/4", 180.0)
    assert (told["bars"], told["kind"], told["parent"]) == (8, "tune", "")
    assert told["recipe"] == {"model": "folk", "seed": 7}
    listed = studio.get("/api/pieces", params={"q": "zurek dorian", "limit": 500}).json()
    assert reel in [item["id"] for item in listed["items"]]
    assert "A dorian" in listed["facets"]["key"]
    assert len(bytes.fromhex(told["incipit"])) % 3 == 0


def test_lists_come_in_parts(studio, reel):
    for _ in range(3):
        brought(studio, REEL.replace("Żurek's reel", "Part"))
    first = studio.get("/api/pieces?q=part&limit=2").json()
    rest = studio.get("/api/pieces?q=part&limit=2&offset=2").json()
    assert (first["total"], len(first["items"]), len(rest["items"])) == (3, 2, 1)
    assert not {i["id"] for i in first["items"]} & {i["id"] for i in rest["items"]}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("sort=size", "There is no order 'size'"),
        ("limit=0", "limit: input should be greater than or equal to 1"),
        ("limit=501", "limit: input should be less than"),
        ("offset=-1", "offset"),
        ("starred=perhaps", "starred"),
        (f"q={'x' * 201}", "q: string should have at most 200"),
    ],
)
def test_a_list_that_cannot_be_is_refused(studio, query, says):
    assert says in wrong(studio.get(f"/api/pieces?{query}"), 400, "usage")


def test_a_book_of_tunes_becomes_a_piece_each_and_bad_files_are_told_apart(studio):
    book = b"X:1\nT:First\nK:C\nCDEF|\n\nX:2\nT:Second\nK:D\nDEFG|\n"
    nameless = b"X:1\nK:G\nGABc|\n"
    answer = uploaded(
        studio,
        ("book.abc", book),
        ("my/old_tune.abc", nameless),
        ("no.mid", b"nonsense"),
        ("empty.abc", b""),
        ("sound.wav", b"RIFF\x00\x00\x00\x00WAVE"),
    )
    assert [piece["title"] for piece in answer["pieces"]] == ["First", "Second", "old tune"]
    assert [piece["kind"] for piece in answer["pieces"]] == ["import"] * 3
    assert {p["file"] for p in answer["problems"]} == {"no.mid", "empty.abc", "sound.wav"}
    assert answer["problems"][0]["what"].startswith("this is not music that I can read")
    assert not list((studio.folder / ".cache").glob("upload-*"))


def test_a_text_that_is_no_tune_is_refused(studio):
    wrong(studio.post("/api/pieces", json={"abc": "la la"}), 422, "input")
    assert "abc" in wrong(studio.post("/api/pieces", json={"text": "X:1"}), 400, "usage")
    wrong(studio.post("/api/pieces", content=b"{", headers={"content-type": "application/json"}),
          400, "usage")  # fmt: skip
    wrong(studio.post("/api/pieces", content=b"X:1"), 400, "usage")


def test_a_piece_is_renamed_and_starred(studio, reel):
    told = studio.patch(f"/api/pieces/{reel}", json={"title": "Evening", "starred": True}).json()
    assert (told["title"], told["starred"]) == ("Evening", True)
    assert (studio.folder / f"evening-{reel}.abc").is_file()
    assert studio.get(f"/api/pieces/{reel}/stage").json()["title"] == "Evening"
    for change in ({"title": ""}, {"title": 3}, {"key": "G"}, {"starred": "maybe"}):
        wrong(studio.patch(f"/api/pieces/{reel}", json=change), 400, "usage")


def test_deleted_pieces_can_be_restored_and_starred_ones_stay(studio, reel):
    other = brought(studio, REEL)
    studio.patch(f"/api/pieces/{other}", json={"starred": True})
    answer = studio.post("/api/bin", json={"ids": [reel, other]}).json()
    assert answer == {"deleted": [reel], "kept": [other]}
    assert "in the bin" in wrong(studio.get(f"/api/pieces/{reel}"), 404, "missing")
    assert reel in [item["id"] for item in studio.get("/api/bin").json()["items"]]
    assert studio.post(f"/api/bin/{reel}/restore").json()["id"] == reel
    assert studio.delete(f"/api/pieces/{other}").status_code == 200  # one by one is meant
    assert studio.delete(f"/api/bin/{other}").json() == {"deleted": [other]}
    wrong(studio.post(f"/api/bin/{other}/restore"), 404, "missing")
    studio.delete(f"/api/pieces/{reel}")
    assert studio.delete("/api/bin").json()["deleted"] >= 1
    assert studio.get("/api/bin").json()["total"] == 0


@pytest.mark.parametrize("number", TRAVERSALS)
def test_an_id_is_never_a_path(studio, number):
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/stage"), ("GET", "/score.svg"),
        ("GET", "/stems"), ("GET", "/stems/..%2f..%2ftold.json"), ("GET", "/exports"),
        ("GET", "/exports/abc"), ("POST", "/edits"),
    ):  # fmt: skip
        body = {"json": {}} if method in ("PATCH", "POST") else {}
        answer = studio.request(method, f"/api/pieces/{number}{path}", **body)
        assert answer.status_code in (400, 404, 405), (method, path, answer.text)
        assert b"root:" not in answer.content


def test_stage_and_score_name_the_same_notes(studio, reel):
    stage = studio.get(f"/api/pieces/{reel}/stage").json()
    svg = studio.get(f"/api/pieces/{reel}/score.svg", params={"width": 500})
    assert svg.headers["content-type"].startswith("image/svg+xml")
    notes = stage["notes"]
    assert len({len(column) for column in notes.values()}) == 1
    assert notes["name"][:4] == ["E5", "A4", "A4", "B4"]
    assert all(f'id="{name}"' in svg.text for names in notes["svg"] for name in names)
    assert [bar["number"] for bar in stage["bars"]] == [1, 2, 3, 4, 5, 6, 7, 8]  # as played
    assert (stage["tonic"], sum(stage["scale"])) == (9, 7)
    assert stage["text"]["abc"].startswith("X:1")
    assert stage["tracks"][0]["low"] == "G4"
    assert "script" not in svg.text


def test_stems_are_sound_of_one_length_made_once(studio, reel):
    told = studio.get(f"/api/pieces/{reel}/stems").json()
    assert (told["rate"], told["tempo"]) == (44_100, 1.0)
    assert [stem["name"] for stem in told["stems"]][-1] == "click"
    assert len({stem["seconds"] for stem in told["stems"]}) == 1
    assert told["count_in"]["seconds"] == pytest.approx(4 * 60 / 180, abs=1e-3)
    for stem in told["stems"]:
        sound = studio.get(stem["url"])
        assert len(sound.content) == stem["bytes"]
        assert sound.headers["content-type"] == stem["type"]
    entries = list((studio.folder / ".cache" / "made").glob("stems-*"))
    studio.get(f"/api/pieces/{reel}/stems")
    assert list((studio.folder / ".cache" / "made").glob("stems-*")) == entries
    slow = studio.get(f"/api/pieces/{reel}/stems?tempo=0.5").json()
    assert slow["seconds"] == pytest.approx(2 * told["seconds"], rel=0.2)
    for tempo in ("0.4", "2.1", "nan", "fast"):
        wrong(studio.get(f"/api/pieces/{reel}/stems?tempo={tempo}"), 400, "usage")


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        ({"transpose": 2}, {"key": "B dorian"}),
        ({"transpose": -12}, {"key": "A dorian"}),
        ({"tempo": 90}, {"tempo_qpm": 90.0}),
        ({"bars": [2, 3]}, {"bars": 2}),
    ],
)
def test_a_change_makes_a_new_piece(studio, reel, edit, what):
    answer = studio.post(f"/api/pieces/{reel}/edits", json=edit)
    assert answer.status_code == 201, answer.text
    new = studio.get(f"/api/pieces/{answer.json()['id']}").json()
    assert new["parent"] == reel
    assert {name: new[name] for name in what} == what
    assert new["recipe"]["seed"] == 7
    assert new["recipe"] != {"model": "folk", "seed": 7}  # and it says what was done
    assert studio.get(f"/api/pieces/{reel}").json()["key"] == "A dorian"


@pytest.mark.parametrize(
    ("title", "now"),
    [("Reel in A dorian, no. 7", "Reel in B dorian, no. 7"), ("Evening", "Evening")],
)
def test_a_title_that_names_the_key_names_that_of_the_transposed_piece(studio, reel, title, now):
    studio.patch(f"/api/pieces/{reel}", json={"title": title})
    answer = studio.post(f"/api/pieces/{reel}/edits", json={"transpose": 2}).json()
    assert answer["title"] == now
    assert studio.get(f"/api/pieces/{answer['id']}/stage").json()["title"] == now


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({}, "One change at a time"),
        ({"transpose": 1, "tempo": 90}, "One change at a time"),
        ({"transpose": 49}, "transpose: input should be less than"),
        ({"tempo": 0}, "tempo"),
        ({"bars": [3, 99]}, "the piece has bars 1 to 8"),
        ({"bars": [1]}, "bars"),
        ({"delete": [1]}, "delete: extra inputs are not permitted"),
    ],
)
def test_a_change_that_cannot_be_is_refused(studio, reel, edit, says):
    assert says in wrong(studio.post(f"/api/pieces/{reel}/edits", json=edit), 400, "usage")


def test_exports_are_listed_with_sizes_and_sent_as_attachments(studio, reel):
    before = {one["kind"]: one for one in studio.get(f"/api/pieces/{reel}/exports").json()}
    assert {"abc", "mid", "musicxml", "wav", "stems", "recipe"} <= before.keys()
    assert before["wav"]["bytes"] is None
    assert before["wav"]["about"] > 1_000_000
    for kind in ("abc", "mid", "musicxml", "svg", "recipe", "wav"):
        answer = studio.get(f"/api/pieces/{reel}/exports/{kind}")
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert before[kind]["bytes"] in (None, len(answer.content))
    after = {one["kind"]: one for one in studio.get(f"/api/pieces/{reel}/exports").json()}
    assert after["wav"]["bytes"] == pytest.approx(before["wav"]["about"], rel=0.01)
    assert after["wav"]["ready"]


def test_some_bars_are_exported_at_another_tempo(studio, reel):
    answer = studio.get(f"/api/pieces/{reel}/exports/abc?bars=2-3&bpm=60")
    assert "Q:1/4=60" in answer.text
    assert "eAAB cBAG|eAAB c2Bc" in answer.text
    assert "60bpm_bars-2-3.abc" in answer.headers["content-disposition"]
    assert "lower number" in wrong(
        studio.get(f"/api/pieces/{reel}/exports/abc?bars=3-2"), 400, "usage"
    )
    for query in ("bars=1", "bars=a-b", "bpm=0", "bpm=inf"):
        wrong(studio.get(f"/api/pieces/{reel}/exports/abc?{query}"), 400, "usage")
    wrong(studio.get(f"/api/pieces/{reel}/exports/exe"), 400, "usage")


def test_an_export_that_is_brought_back_brings_its_recipe(studio, reel):
    recipe = studio.get(f"/api/pieces/{reel}").json()["recipe"]
    for kind in ("abc", "mid", "musicxml"):
        data = studio.get(f"/api/pieces/{reel}/exports/{kind}").content
        back = uploaded(studio, (f"renamed.{kind}", data))["items"][0]
        assert studio.get(f"/api/pieces/{back}").json()["recipe"] == recipe


def test_a_file_that_was_saved_and_is_dropped_back_leads_to_its_piece(studio):
    piece = brought(studio, REEL.replace("Żurek", "Once"))
    saved = studio.get(f"/api/pieces/{piece}/exports/abc").content
    answer = uploaded(studio, ("saved.abc", saved), ("new.abc", b"X:1\nT:New one\nK:E\nEFGA|\n"))
    assert (answer["items"][0], answer["known"], len(answer["items"])) == (piece, 1, 2)
    assert brought(studio, saved.decode()) != piece  # what is typed is meant


def test_a_picture_leads_to_its_tune_and_makes_it_again_where_it_is_gone(studio):
    job = studio.post("/api/jobs/generate", json={"bars": 4, "seed": 5}).json()["id"]
    piece = json.loads(studio.get(f"/api/jobs/{job}/events").text.split("event: result\ndata: ")[1]
                       .split("\n")[0])["pieces"][0]  # fmt: skip
    picture = studio.get(f"/api/pieces/{piece}/exports/svg").content
    text = studio.get(f"/api/pieces/{piece}/exports/abc").text
    answer = uploaded(studio, ("score.svg", picture))
    assert (answer["items"], answer["known"]) == ([piece], 1)
    studio.delete(f"/api/pieces/{piece}")
    back = uploaded(studio, ("score.svg", picture))
    assert back["known"] == 0
    assert studio.get(f"/api/pieces/{back['items'][0]}/exports/abc").text == text


def test_a_recipe_that_cannot_be_made_again_says_why(studio):
    recipe = json.dumps({"model": "folk", "seed": 1, "varied": "mine.abc", "sha256": "0"})
    answer = uploaded(studio, ("recipe.json", recipe.encode()))
    assert answer["items"] == []
    assert "made from other music" in answer["problems"][0]["what"]


def test_many_are_sent_as_one_archive(studio, reel):
    other = brought(studio, REEL)
    answer = studio.post("/api/export", json={"ids": [reel, other, reel], "kind": "mid"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == 2
    assert names[1] == names[0].replace(".mid", "-2.mid")
    assert archive.read(names[0])[:4] == b"MThd"
    again = studio.post("/api/export", json={"ids": [reel, other, reel], "kind": "mid"})
    assert again.content == answer.content


def test_what_cannot_be_exported_is_told_in_the_archive(studio, reel):
    plain = brought(studio, "X:1\nT:Plain\nK:C\nCDEF|\n")  # nobody knows its recipe
    answer = studio.post("/api/export", json={"ids": [reel, plain], "kind": "recipe"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist()[1] == "problems.txt"
    assert archive.read("problems.txt").startswith(b"Plain: This piece has no recipe.")


def test_too_much_sound_at_once_is_refused(studio, reel, monkeypatch):
    monkeypatch.setattr("nokturn.studio.routes.exports.AT_ONCE_S", 5)
    answer = studio.post("/api/export", json={"ids": [reel], "kind": "wav"})
    assert "hours of sound" in wrong(answer, 413, "limit")
    wrong(studio.post("/api/export", json={"ids": [], "kind": "wav"}), 400, "usage")
    wrong(studio.post("/api/export", json={"ids": ["../x"], "kind": "wav"}), 400, "usage")
    wrong(studio.post("/api/export", json={"ids": ["0" * 12], "kind": "wav"}), 404, "missing")


def test_a_file_put_into_the_folder_is_read_and_a_damaged_one_told_of(studio):
    (studio.folder / "by hand.abc").write_text("X:1\nT:By hand\nM:6/8\nK:G\nGAB cde|\n")
    (studio.folder / "damaged.mid").write_bytes(b"MThd")
    listed = listed_when(studio, lambda listed: listed["items"] and not listed["reading"])
    assert [(item["title"], item["meter"]) for item in listed["items"]] == [("By hand", "6/8")]
    assert [problem["file"] for problem in listed["problems"]] == ["damaged.mid"]
    (studio.folder / "damaged.mid").unlink()
    listed_when(studio, lambda listed: not listed["problems"])


def test_a_book_put_into_the_folder_says_how_many_tunes_it_holds_and_is_opened(studio):
    tunes = "\n\n".join(f"X:{n}\nT:Tune {n} of a book\nK:C\nCDEF G4|" for n in (1, 2, 3))
    book = studio.folder / "book.abc"
    book.write_text(tunes)
    listed = listed_when(studio, lambda listed: listed["items"], "of a book")
    (first,) = listed["items"]
    assert first["more"] == 2
    told = {"id": first["id"], "file": "book.abc", "title": "Tune 1 of a book", "more": 2}
    assert listed["books"] == [told]

    opened = studio.post(f"/api/pieces/{first['id']}/tunes")
    assert opened.status_code == 201
    assert len(opened.json()["items"]) == 2
    listed = studio.get("/api/pieces?q=of+a+book&sort=title").json()
    assert [item["title"] for item in listed["items"]] == [f"Tune {n} of a book" for n in (1, 2, 3)]
    assert listed["books"] == []
    assert book.read_text() == tunes
    assert studio.post(f"/api/pieces/{first['id']}/tunes").json()["items"] == []

    book.write_text(tunes + "\n\nX:4\nT:Tune 4 of a book\nK:G\nGABc d4|")
    listed = listed_when(studio, lambda listed: listed["books"], "of a book")
    assert len(studio.post(f"/api/pieces/{first['id']}/tunes").json()["items"]) == 1


def test_a_file_whose_name_is_no_text_is_told_of_and_hides_no_other(studio):
    odd = os.fsencode(studio.folder) + b"/by hand caf\xe9.abc"
    with open(odd, "w") as file:
        file.write("X:1\nK:G\nGAB cde|\n")
    (studio.folder / "late.abc").write_text("X:1\nT:By hand, late\nK:G\nGAB cde|\n")
    listed = listed_when(studio, lambda listed: listed["problems"] and not listed["reading"])
    assert "By hand, late" in [item["title"] for item in listed["items"]]
    assert [(problem["file"], problem["fix"]) for problem in listed["problems"]] == [
        ("by hand caf?.abc", "Rename the file.")
    ]
    os.unlink(odd)
    listed_when(studio, lambda listed: not listed["problems"])


def test_a_newcomer_that_breaks_the_reading_does_not_end_it(studio, monkeypatch):
    adopt = studio.app.state.library.adopt

    def break_at(name, *made, **more):
        if name == "a break.abc":
            raise ValueError("what nobody thought of")
        return adopt(name, *made, **more)

    monkeypatch.setattr(studio.app.state.library, "adopt", break_at)
    for name in ("a break", "by hand, last"):
        (studio.folder / f"{name}.abc").write_text(f"X:1\nT:{name}\nK:G\nGAB cde|\n")
    listed = listed_when(studio, lambda listed: listed["problems"] and not listed["reading"])
    assert "by hand, last" in [item["title"] for item in listed["items"]]
    (studio.folder / "a break.abc").unlink()
    listed_when(studio, lambda listed: not listed["problems"])


ODD_RECIPES = {  # and what is kept of each
    '{"model":"\\ud800","seed":7}': None,
    '{"model":"folk","seed":NaN}': None,
    '{"model":"folk","to":' + "[" * 900 + "]" * 900 + "}": None,
    '{"model":"folk","seed":[7]}': {"model": "folk", "seed": [7]},
    '{"model":"' + "f" * 400 + '","seed":7}': {"model": "f" * 400, "seed": 7},
}


def test_whatever_recipes_files_bring_their_pieces_are_there_after_a_restart(tmp_path):
    def started():
        return TestClient(create_app(Settings(library=tmp_path)), base_url="http://127.0.0.1:8765")

    music = "M:4/4\nL:1/8\nK:D\nABcd efga|\n"
    files = [
        (f"{number}.abc", f"X:1\n%nokturn {recipe}\nT:Odd {number}\n{music}")
        for number, recipe in enumerate(ODD_RECIPES)
    ]
    with started() as client:
        numbers = uploaded(client, *files)["items"]
        kept = [client.get(f"/api/pieces/{number}").json()["recipe"] for number in numbers]
        assert kept == list(ODD_RECIPES.values())
    with started() as client:
        listed = client.get("/api/pieces").json()
        assert sorted(item["id"] for item in listed["items"]) == sorted(numbers)
        assert listed["reading"] == 0


def listed_when(studio, holds, q="by hand"):
    """Return the list of pieces put there by hand when something holds of it."""
    until = time.monotonic() + 30
    while not holds(listed := studio.get("/api/pieces", params={"q": q}).json()):
        assert time.monotonic() < until, listed
        time.sleep(0.1)
    return listed


def test_a_read_only_studio_shows_and_plays_but_changes_nothing(studio, reel):
    app = create_app(Settings(library=studio.folder, read_only=True))
    with TestClient(app, base_url="http://127.0.0.1:8765") as closed:
        assert closed.get(f"/api/pieces/{reel}").json()["id"] == reel
        for method, path, body in (
            ("PATCH", f"/pieces/{reel}", {"starred": True}), ("DELETE", f"/pieces/{reel}", None),
            ("POST", "/pieces", {"abc": REEL}), ("POST", "/bin", {"ids": [reel]}),
            ("POST", f"/pieces/{reel}/edits", {"transpose": 1}), ("DELETE", "/bin", None),
            ("POST", f"/pieces/{reel}/tunes", None),
        ):  # fmt: skip
            answer = closed.request(method, f"/api{path}", json=body)
            assert answer.status_code in (400, 403), (method, path)
        assert closed.post("/api/export", json={"ids": [reel], "kind": "abc"}).status_code == 200


def test_a_read_only_studio_writes_nothing_into_the_library(tmp_path):
    (tmp_path / "reel.abc").write_text(REEL)
    app = create_app(Settings(library=tmp_path, read_only=True))
    with TestClient(app, base_url="http://127.0.0.1:8765") as closed:
        piece = listed_when(closed, lambda listed: listed["total"] == 1, "")["items"][0]["id"]
        assert closed.get(f"/api/pieces/{piece}/stems").json()["stems"]
        assert closed.get(f"/api/pieces/{piece}/exports/mid").status_code == 200
        scratch = app.state.settings.scratch
        assert list(scratch.rglob("told.json"))
    assert [path.name for path in tmp_path.iterdir()] == ["reel.abc"]
    assert not scratch.exists()


def test_a_cache_forgets_what_nobody_asked_for_longest(tmp_path):
    cache = Cache(tmp_path / "made", limit=250, read_s=0.01)
    made = []

    async def make(folder):
        made.append(folder)
        (folder / "file").write_bytes(b"x" * 100)

    async def run():
        for key in ("a", "b"):
            await cache.get(key, make)
            await asyncio.sleep(0.02)
        await cache.get("a", make)
        await asyncio.sleep(0.02)
        await cache.get("c", make)

    asyncio.run(run())
    assert len(made) == 3
    assert sorted(path.name for path in cache.folder.iterdir()) == ["a", "c"]


def test_a_full_cache_can_be_asked_for_many_things_at_once(tmp_path):
    cache = Cache(tmp_path / "made", limit=250)

    async def make(folder):
        (folder / "file").write_bytes(b"x" * 100)

    async def run():
        return await asyncio.gather(*(cache.get(f"a{k}", make) for k in range(40)))

    assert all((folder / "file").stat().st_size == 100 for folder in asyncio.run(run()))


def test_what_is_asked_for_twice_at_once_is_made_once(tmp_path):
    cache = Cache(tmp_path / "made")
    made = []

    async def make(folder):
        made.append(folder)
        await asyncio.sleep(0.02)

    async def run():
        return await asyncio.gather(*(cache.get("a", make) for _ in range(20)))

    assert len(set(asyncio.run(run()))) == 1
    assert len(made) == 1


def test_what_was_not_made_whole_leaves_nothing(tmp_path):
    cache = Cache(tmp_path / "made")

    async def make(folder):
        (folder / "file").write_bytes(b"half")
        raise InputError("it broke.")

    with pytest.raises(InputError, match="it broke"):
        asyncio.run(cache.get("a", make))
    assert list(cache.folder.iterdir()) == []
    assert cache.there("a") is None
