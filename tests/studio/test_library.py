"""The library on disk: what people find in the folder, and what they do to it by hand."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from nokturn.errors import ResourceError, UsageError
from nokturn.studio import _shelf
from nokturn.studio.library import BIN_DAYS, Library, Wanted
from nokturn.studio.problems import MissingError

TUNE = b"X:1\nT:Reel\nK:Ador\nABcd|\n"


def made(title="Reel in A dorian, no. 7", **more):
    """Return a piece as a worker hands it over."""
    told = {
        "title": title, "data": TUNE, "ending": ".abc", "kind": "tune", "parent": "",
        "key": "A dorian", "meter": "4/4", "tempo_qpm": 180.0, "bars": 32, "seconds": 42.7,
        "model": "folk", "seed": 7, "recipe": {"model": "folk", "seed": 7}, "incipit": "00ff45",
    }  # fmt: skip
    return told | more


@pytest.fixture
def library(tmp_path):
    """An empty library."""
    return Library(tmp_path / "pieces")


def names(folder):
    """Return the names of the files in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def adopt(library):
    """Read what was put into the folder by hand, as the desk would."""
    for name, state in library.look().items():
        data = (library.folder / name).read_bytes()
        title = data.split(b"T:")[1].split(b"\n")[0].decode()
        library.adopt(name, made(title), read=_shelf.digest(data), state=state)


def test_a_piece_is_a_file_to_be_opened_elsewhere_and_what_is_known_of_it(library):
    item = library.add(made())
    stem = f"reel-in-a-dorian-no-7-{item.id}"
    assert names(library.folder) == [f"{stem}.abc", f"{stem}.json"]
    assert library.path(item.id).read_bytes() == TUNE
    known = json.loads((library.folder / f"{stem}.json").read_bytes())
    assert known["title"] == "Reel in A dorian, no. 7"
    assert known["recipe"] == {"model": "folk", "seed": 7}


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Gráinne's A♭ reel", "grainne-s-a-reel"),
        ("Żółta łódka", "zolta-lodka"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con"),
        ("…", "piece"),
        ("月の光", "piece"),
        ("a" * 500, "a" * 60),
    ],
)
def test_files_are_named_after_titles_whatever_those_are(library, title, stem):
    item = library.add(made(title))
    assert library.path(item.id).name == f"{stem}-{item.id}.abc"
    assert library.path(item.id).parent == library.folder


def test_everything_is_there_again_after_a_restart(library):
    item = library.add(made())
    library.change(item.id, starred=True)
    binned = library.delete(library.add(made("Jig")).id)
    again = Library(library.folder)
    assert again.get(item.id).starred
    assert again.get(item.id).recipe == item.recipe
    assert [piece.id for piece in again.binned()] == [binned.id]


def test_a_new_name_renames_the_file_and_keeps_the_address(library):
    item = library.add(made())
    library.change(item.id, title="Morning\tin the\n kitchen ")
    assert library.get(item.id).title == "Morning in the kitchen"
    stem = f"morning-in-the-kitchen-{item.id}"
    assert names(library.folder) == [f"{stem}.abc", f"{stem}.json"]


@pytest.mark.parametrize("title", ["", "  ", "\x00\x1b"])
def test_a_piece_needs_a_title(library, title):
    item = library.add(made())
    with pytest.raises(UsageError, match="A piece needs a title"):
        library.change(item.id, title=title)


def test_what_is_deleted_can_be_restored_with_its_star(library):
    item = library.add(made())
    library.change(item.id, starred=True)
    library.delete(item.id)
    with pytest.raises(MissingError, match="in the bin"):
        library.get(item.id)
    assert names(library.folder) == []
    library.restore(item.id)
    assert library.get(item.id).starred
    assert library.path(item.id).read_bytes() == TUNE
    assert library.binned() == []


def test_many_are_deleted_at_once_but_for_those_with_a_star(library):
    plain, starred = library.add(made()), library.add(made("Best"))
    library.change(starred.id, starred=True)
    gone, stayed = library.delete_many([plain.id, starred.id, "0" * 12, plain.id])
    assert (gone, stayed) == ([plain.id], [starred.id, "0" * 12])


def test_the_bin_is_emptied_for_good(library):
    one, two = library.add(made()), library.add(made("Jig"))
    library.delete_many([one.id, two.id])
    library.purge(one.id)
    with pytest.raises(MissingError, match="no such piece in the bin"):
        library.restore(one.id)
    assert library.empty_bin() == 1
    assert names(library.folder / "bin") == []


def test_the_bin_forgets_after_thirty_days(library, monkeypatch):
    old, new = library.add(made("Old")), library.add(made("New"))
    library.delete_many([old.id, new.id])
    twin = next((library.folder / "bin").glob(f"old-{old.id}.json"))
    known = json.loads(twin.read_bytes())
    long_ago = datetime.now(UTC) - timedelta(days=BIN_DAYS, hours=1)
    twin.write_text(json.dumps(known | {"deleted": long_ago.isoformat()}))
    assert [item.id for item in Library(library.folder).binned()] == [new.id]


def test_a_piece_is_found_by_its_recipe_as_it_comes_back_from_a_file(library):
    recipe = {"model": "lofi", "seed": 7, "settings": {"layers": ((3, 8),), "swing": 58.0}}
    item = library.add(made(recipe=recipe))
    again = json.loads(json.dumps(recipe))  # tuples have become lists
    assert library.made_by(again) == item
    assert library.made_by(again | {"seed": 8}) is None


def test_a_file_put_into_the_folder_appears_under_its_own_name(library):
    library.add(made())
    (library.folder / "My own jig.ABC").write_bytes(b"X:1\nT:Own\nK:G\nGAB|\n")
    assert list(library.look()) == ["My own jig.ABC"]
    adopt(library)
    item = library.find(Wanted(q="own")).items[0]
    assert library.path(item.id).name == "My own jig.ABC"
    assert library.look() == {}
    assert Library(library.folder).get(item.id).title == "Own"
    library.change(item.id, title="Mine")
    library.delete(item.id)
    library.restore(item.id)
    assert library.path(item.id).name == "My own jig.ABC"


def test_two_files_of_one_name_are_two_pieces(library):
    library.folder.mkdir()
    for name in ("reel.abc", "reel.mid"):
        (library.folder / name).write_bytes(b"X:1\nT:%s\nK:G\nGAB|\n" % name.encode())
    adopt(library)
    again = Library(library.folder)
    assert {item.title for item in again.find().items} == {"reel.abc", "reel.mid"}
    assert again.look() == {}


def test_a_file_changed_by_hand_is_read_again_and_keeps_star_and_address(library):
    item = library.add(made())
    library.change(item.id, starred=True)
    path = library.path(item.id)
    path.write_bytes(b"X:1\nT:Changed\nK:G\nGAB c|\n")
    os.utime(path, ns=(1, 1))
    assert list(library.look()) == [path.name]
    assert library.get(item.id).title == item.title  # it stays until it is read
    adopt(library)
    changed = library.get(item.id)
    assert (changed.title, changed.starred) == ("Changed", True)
    assert changed.created == item.created


def test_a_file_copied_elsewhere_and_back_is_no_change(library):
    item = library.add(made())
    library.change(item.id, title="Renamed")
    os.utime(library.path(item.id), ns=(1, 1))
    assert library.look() == {}
    assert Library(library.folder).get(item.id).title == "Renamed"


def test_a_file_taken_away_vanishes(library):
    item = library.add(made())
    library.path(item.id).unlink()
    library.look()
    assert library.find().total == 0
    with pytest.raises(MissingError, match="no such piece"):
        library.path(item.id)


def test_a_copy_of_both_files_is_a_piece_of_its_own(library):
    item = library.add(made())
    path = library.path(item.id)
    for ending in (".abc", ".json"):
        copy = path.with_name(f"a copy{ending}")
        copy.write_bytes(path.with_suffix(ending).read_bytes())
    adopt(library)
    assert library.path(item.id) == path
    assert library.find().total == 2
    assert Library(library.folder).find().total == 2


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"null", b'{"id": "../../x"}', b'{"id": 7}', b"\xff\xfe", b"1" * (2 << 20)],
    ids=["empty", "cut", "list", "null", "path as id", "number as id", "no text", "huge"],
)
def test_a_damaged_twin_hides_no_other_piece(library, damage):
    hurt, whole = library.add(made("Hurt")), library.add(made("Whole"))
    library.path(hurt.id).with_suffix(".json").write_bytes(damage)
    again = Library(library.folder)
    assert [item.id for item in again.find().items] == [whole.id]
    assert list(again.look()) == [f"hurt-{hurt.id}.abc"]


def test_a_twin_never_leads_out_of_the_folder(library, tmp_path):
    (tmp_path / "secret.abc").write_bytes(b"X:1\nT:secret\n")
    item = library.add(made())
    twin = library.path(item.id).with_suffix(".json")
    twin.write_text(json.dumps(json.loads(twin.read_bytes()) | {"file": "../secret.abc"}))
    assert Library(library.folder).path(item.id) == library.path(item.id)


def test_links_are_no_pieces(library, tmp_path):
    (tmp_path / "secret.abc").write_bytes(TUNE)
    library.folder.mkdir()
    (library.folder / "link.abc").symlink_to(tmp_path / "secret.abc")
    assert library.look() == {}


@pytest.mark.parametrize("step", ["before the music moves", "before the old twin goes"])
def test_a_power_cut_while_moving_loses_nothing(library, monkeypatch, step):
    item = library.add(made())
    replace, unlink = os.replace, _shelf.Path.unlink

    def cut_replace(old, new):
        if str(new).endswith(".abc"):
            raise OSError(5, "the light went out")
        replace(old, new)

    def cut_unlink(path, missing_ok=False):
        if path.name.endswith(".json"):
            raise OSError(5, "the light went out")
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        if step == "before the music moves":
            patched.setattr(_shelf.os, "replace", cut_replace)
        else:
            patched.setattr(_shelf.Path, "unlink", cut_unlink)
        with pytest.raises(ResourceError, match="the light went out"):
            library.change(item.id, title="Other")
    again = Library(library.folder)
    assert [piece.id for piece in again.find().items] == [item.id]
    assert again.path(item.id).read_bytes() == TUNE


def test_a_full_disk_is_told_and_nothing_half_is_left(library, monkeypatch):
    item = library.add(made())

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ResourceError, match="disk is full"):
        library.add(made("Jig"))
    with pytest.raises(ResourceError, match="disk is full"):
        library.change(item.id, starred=True)
    monkeypatch.undo()
    again = Library(library.folder)
    assert [piece.starred for piece in again.find().items] == [False]
    assert len(names(library.folder)) == 2


def test_a_read_only_library_shows_everything_and_changes_nothing(library):
    item = library.add(made())
    library.delete(library.add(made("Jig")).id)
    (library.folder / "own.abc").write_bytes(b"X:1\nT:Own\nK:G\nGAB|\n")
    before = names(library.folder)
    closed = Library(library.folder, read_only=True)
    adopt(closed)
    own = closed.find(Wanted(q="own")).items[0]
    adopt(another := Library(library.folder, read_only=True))
    assert another.get(own.id).title == "Own"  # the same address
    for change in (
        lambda: closed.add(made()),
        lambda: closed.change(item.id, starred=True),
        lambda: closed.delete(item.id),
        lambda: closed.empty_bin(),
    ):
        with pytest.raises(UsageError, match="read-only"):
            change()
    assert names(library.folder) == before


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        (Wanted(), {"Reel 2", "Reel 10", "Jig", "Świt"}),
        (Wanted(q="reel"), {"Reel 2", "Reel 10"}),
        (Wanted(q="DORIAN reel"), {"Reel 2"}),
        (Wanted(q="swit"), {"Świt"}),
        (Wanted(q="6/8"), {"Jig"}),
        (Wanted(q="nothing"), set()),
        (Wanted(key="A dorian", meter="4/4"), {"Reel 2", "Świt"}),
        (Wanted(model="lofi"), {"Świt"}),
        (Wanted(kind="lofi"), {"Świt"}),
        (Wanted(starred=True), {"Reel 10"}),
        (Wanted(starred=False, q="reel"), {"Reel 2"}),
    ],
)
def test_pieces_are_found_by_words_and_properties(library, wanted, titles):
    library.add(made("Reel 2"))
    library.change(library.add(made("Reel 10", key="D major")).id, starred=True)
    library.add(made("Jig", key="G major", meter="6/8"))
    library.add(made("Świt", model="lofi", kind="lofi"))
    found = library.find(wanted)
    assert {item.title for item in found.items} == titles
    assert found.facets["meter"] == ["4/4", "6/8"]


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("title", ["etude", "Étude 2", "etude 10", "Zoo"]),
        ("-title", ["Zoo", "etude 10", "Étude 2", "etude"]),
        ("created", ["Zoo", "Étude 2", "etude 10", "etude"]),
        ("-created", ["etude", "etude 10", "Étude 2", "Zoo"]),
        ("bars", ["Zoo", "etude 10", "Étude 2", "etude"]),
    ],
)
def test_pieces_are_sorted_as_people_do(library, monkeypatch, sort, titles):
    times = iter(f"2026-11-21T14:00:0{n}.000+00:00" for n in range(9))
    monkeypatch.setattr("nokturn.studio.library._now", lambda: next(times))
    for title, bars in (("Zoo", 8), ("Étude 2", 32), ("etude 10", 16), ("etude", 64)):
        library.add(made(title, bars=bars))
    assert [item.title for item in library.find(sort=sort).items] == titles
    assert [item.title for item in library.find(sort=sort, offset=1, limit=2).items] == titles[1:3]


def test_an_unknown_order_is_refused(library):
    with pytest.raises(UsageError, match=r"no order 'size'\. Known: created, title"):
        library.find(sort="size")


def test_many_threads_may_use_it_at_once(library):
    wrong = []

    def work(number):
        try:
            for turn in range(10):
                item = library.add(made(f"{number} {turn}"))
                library.change(item.id, title=f"new {number} {turn}", starred=turn % 2 == 0)
                library.look()
                library.find(Wanted(q="new"))
                if turn % 3 == 0:
                    library.delete(item.id)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert (library.find().total, len(library.binned())) == (36, 24)
    again = Library(library.folder)
    assert (again.find().total, len(again.binned())) == (36, 24)
    assert again.look() == {}
