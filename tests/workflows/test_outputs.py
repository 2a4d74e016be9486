"""Where pieces go: names, numbers, what is refused, what a kill leaves behind."""

from __future__ import annotations

import pytest

from nokturn.errors import UsageError
from nokturn.music.piece import Piece
from nokturn.music.sheet import Sheet
from nokturn.workflows import save
from nokturn.workflows.outputs import Outputs


@pytest.fixture(autouse=True)
def _plain_kinds(monkeypatch):
    """Let every kind write the titles, so that files are tested and not formats."""
    for ending, kind in list(save.KINDS.items()):
        plain = save.Kind(
            ending, kind.binary, kind.many, lambda ps: ",".join(p.title for p in ps).encode()
        )
        monkeypatch.setitem(save.KINDS, ending, plain)


def pieces(*titles: str) -> list[Piece]:
    """Return empty pieces with titles."""
    return [Piece(Sheet(title=title)) for title in titles]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("jig.abc", ".abc"),
        ("JIG.MID", ".mid"),
        ("a.b.roll.png", ".roll.png"),
        ("roll.png", ".png"),
        ("Gráinne's A♭ reel.mxl", ".mxl"),
    ],
)
def test_the_ending_says_the_kind(name, kind):
    assert save.kind_of(name).ending == kind


def test_several_pieces_share_an_abc_file_and_get_their_own_midi(tmp_path):
    written = save.save(pieces("a", "b"), tmp_path / "t.abc", tmp_path / "t.mid")
    assert [path.name for path in written] == ["t.abc", "t-1.mid", "t-2.mid"]
    assert [path.read_text() for path in written] == ["a,b", "a", "b"]


def test_nothing_is_written_where_one_name_is_taken(tmp_path):
    (tmp_path / "t.mid").write_text("mine")
    with pytest.raises(UsageError, match=r"t\.mid exists already\. .*--force"):
        save.save(pieces("a"), tmp_path / "t.abc", tmp_path / "t.mid")
    assert [path.name for path in tmp_path.iterdir()] == ["t.mid"]
    save.save(pieces("a"), tmp_path / "t.mid", force=True)
    assert (tmp_path / "t.mid").read_text() == "a"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no/t.abc", r"folder .*no does not exist\. Make it first"),
        ("t.xyz", r"cannot write files ending in '\.xyz'\. Known: \.abc"),
        ("tune", r"its name has no ending"),
    ],
)
def test_names_that_cannot_be(tmp_path, name, said):
    with pytest.raises(UsageError, match=said):
        save.save(pieces("a"), tmp_path / name)


def test_a_folder_gets_the_usual_files_under_free_names(tmp_path):
    outputs = Outputs([tmp_path], count=2)
    for piece in pieces("a", "b"):
        outputs.add(piece, "folk-Ador-6/8-s7")
    outputs.finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"folk-Ador-6_8-s7-{number}{ending}"
        for number in (1, 2)
        for ending in (".abc", ".mid", ".mp3", ".svg")
    ]


def test_named_files_are_numbered_but_for_abc_which_comes_last(tmp_path):
    outputs = Outputs([tmp_path / "t.abc", tmp_path / "t.wav"], count=3)
    for piece in pieces("a", "b"):  # interrupted before the third
        outputs.add(piece, "unused")
    assert not (tmp_path / "t.abc").exists()
    outputs.finish()
    assert (tmp_path / "t.abc").read_text() == "a,b"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t-1.wav", "t-2.wav", "t.abc"]


def test_a_taken_name_is_said_before_any_work(tmp_path):
    (tmp_path / "t-2.wav").touch()
    with pytest.raises(UsageError, match=r"t-2\.wav exists already"):
        Outputs([tmp_path / "t.wav"], count=2)
