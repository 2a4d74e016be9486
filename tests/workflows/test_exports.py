"""What a piece can be taken away as: named well, whole, with its recipe, and made again from it."""

import io
import json
import wave
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nokturn.errors import InputError
from nokturn.formats import base
from nokturn.formats._abc_reader import read_tune
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.rendering.pictures import recipe_in, with_recipe
from nokturn.workflows.exports import exports, file_stem, loop, slug
from nokturn.workflows.generate import generate
from nokturn.workflows.info import info
from nokturn.workflows.restore import remade, restored
from nokturn.workflows.sound import sound
from nokturn.workflows.wishes import Composed

RECIPE = {"model": "folk", "seed": 7, "key": "Ador", "title": '<b>&amp;" ż'}
TUNE = "X:1\nT:Reel 7\nM:2/4\nL:1/8\nQ:1/4=180\nK:Ador\nABcd|e4|\n"


def tune() -> Piece:
    piece = read_tune(TUNE)
    piece.recipe = dict(RECIPE)
    return piece


def test_names_say_what_it_is() -> None:
    assert exports(tune())["mid"].name == "reel-7_Ador_2-4_180bpm.mid"
    assert (
        exports(tune(), part="bars 1-2")["loop"].name == "reel-7_Ador_2-4_180bpm_bars-1-2_loop.wav"
    )


TITLES = [
    "../../etc/passwd", "CON", "a\x00b\r\nSet-Cookie: x", "\u202egpj.exe", ".hidden", "C:\\x",
    "x" * 500, "🎵" * 50, "", " . ", "%2e%2e%2f", "<script>alert(1)</script>",
    "a;rm -rf ~", "ж" * 300,
]  # fmt: skip


@pytest.mark.parametrize("title", TITLES, ids=range(len(TITLES)))
def test_hostile_titles_make_harmless_names(title: str) -> None:
    for export in exports(Piece(tune().sheet, title=title, recipe=RECIPE)).values():
        name = export.name
        assert len(name.encode()) < 255
        assert name[0].isalnum()
        assert all(c.isalnum() or c in "-_." for c in name)
        assert name.split(".")[0].upper() not in ("CON", "NUL", "AUX", "PRN")
        assert ".." not in name


def test_drums_have_no_key_in_their_name() -> None:
    score = Score([Track.of([(0, 60, 36, 99)], drums=True)], title="Beat")
    assert file_stem(Piece(score)) == "beat_4-4_120bpm"


def test_letters_of_other_alphabets_stay() -> None:
    assert slug("Żółta Łódź") == "żółta-łódź"


QUICK = ["abc", "mid", "musicxml", "mxl", "svg", "png", "roll.png", "wav", "loop", "recipe"]


@pytest.mark.parametrize("kind", [*QUICK, "flac", "ogg", "mp3"])
def test_every_kind_brings_its_recipe_back(kind: str, tmp_path: Path) -> None:
    export = exports(tune())[kind]
    path = tmp_path / export.name
    path.write_bytes(export.make())
    assert restored(path) == RECIPE


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_info_tells_the_recipe_of_a_picture(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"tune.{kind}"
    path.write_bytes(exports(tune())[kind].make())
    told = info(path)
    assert told.picture
    assert told.picture.recipe == RECIPE
    assert told.tunes == ()


def test_a_file_without_a_recipe_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "tune.abc"
    path.write_text(TUNE, encoding="utf-8")
    with pytest.raises(
        InputError, match=r"tune\.abc: it holds no recipe\. Only files that Nokturn"
    ):
        restored(path)


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"seed": 1}', "[" * 100_000], ids=["list", "cut off", "other", "deep"]
)
def test_a_recipe_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="recipe"):
        restored(path)


def test_the_size_of_sound_is_known_before() -> None:
    found = exports(tune())
    for kind in ("wav", "loop", "stems"):
        assert len(found[kind].make()) == pytest.approx(found[kind].about, rel=0.02)


def test_a_loop_is_as_long_as_its_bars_and_has_no_seam() -> None:
    piece = tune()
    signal = loop(piece)
    assert signal.shape == (2, round(4 / 3 * 44_100))
    score = piece.score
    rows = score.tracks[0].notes.tolist()
    end = score.end
    thrice = [(o + k * end, d, p, v) for k in range(3) for o, d, p, v in rows]
    again = sound(Piece(replace(score, tracks=[Track.of(thrice)], length=3 * end))).T
    middle = again[:, signal.shape[1] : 2 * signal.shape[1]]
    gain = np.sqrt((signal**2).sum() / (middle**2).sum())
    assert np.abs(signal - gain * middle).max() < 0.01 * np.abs(signal).max()
    with wave.open(io.BytesIO(exports(piece)["loop"].make())) as file:
        assert file.getnframes() == signal.shape[1]


def test_silence_has_no_sound_and_no_loop() -> None:
    piece = Piece(Score(length=1920))
    assert "wav" not in exports(piece)
    with pytest.raises(InputError, match="no music to make a loop of"):
        loop(piece)


def test_stems_come_as_sound_and_midi() -> None:
    tracks = [Track.of([(0, 480, 60, 80)], name="../Mélodie"), Track.of([]),
              Track.of([(0, 60, 36, 99)], drums=True)]  # fmt: skip
    piece = Piece(Score(tracks, tempos=[(0, 90.0)], length=1920), recipe=RECIPE)
    with zipfile.ZipFile(io.BytesIO(exports(piece)["stems"].make())) as archive:
        assert archive.namelist() == [
            "01-mélodie.wav", "01-mélodie.mid", "02-drums.wav", "02-drums.mid", "recipe.json",
        ]  # fmt: skip
        lengths = set()
        for name in archive.namelist():
            if name.endswith(".wav"):
                with wave.open(io.BytesIO(archive.read(name))) as file:
                    lengths.add(file.getnframes())
        assert len(lengths) == 1
        [midi] = base.loads(archive.read("02-drums.mid"))
        assert midi.score.tracks[0].drums
        assert midi.score.tempos == [(0, 90.0)]
        assert json.loads(archive.read("recipe.json")) == RECIPE


def test_the_same_piece_makes_the_same_bytes() -> None:
    first, second = exports(tune()), exports(tune())
    for kind in ("mid", "mxl", "svg", "png", "wav", "stems"):
        assert first[kind].make() == second[kind].make()


def test_a_recipe_makes_its_piece_again() -> None:
    asked = generate("folk", key="Ador", bars=8, seed=7)
    piece = next(event for event in asked if isinstance(event, Composed)).piece
    assert piece.recipe
    again = remade(json.loads(json.dumps(piece.recipe)))
    assert exports(again)["abc"].make() == exports(piece)["abc"].make()
    part = remade({**piece.recipe, "cut": [2, 3]})
    assert part.score.end == 2 * 1920


HOSTILE = [
    {"model": "../../models/x", "seed": 1, "sha256": "0"},
    {"model": "/etc/passwd", "seed": 1, "sha256": "0"},
    {"model": "x.safetensors", "seed": 1, "sha256": "0"},
    {"model": "folk", "seed": "1", "sha256": "0"},
    {"model": "folk", "seed": 1, "sha256": "0", "primer": "-"},
    {"model": "folk", "seed": 1, "sha256": "0", "primer": "/etc/passwd"},
    {"model": "folk", "seed": 1, "sha256": "0", "primer": "tune.abc"},
    {"model": "folk", "seed": 1, "sha256": "0", "rhythm": "tune.mid"},
    {"model": "folk", "seed": 1, "varied": "tune.mid"},
    {"model": "lofi", "seed": 1, "source": "/etc/passwd", "preset": "dusty", "settings": {}},
    {"model": "lofi", "seed": 1, "preset": "../x.toml", "settings": {}},
    {"model": "lofi", "seed": 1, "preset": "dusty", "settings": {"groove": "/tmp/x.mid"}},
    {"model": "lofi", "seed": 1, "preset": "dusty", "settings": {"rhythm": "x.mid"}},
    {"model": "lofi", "seed": 1, "preset": "dusty", "settings": {"rhythm": "x\n.mid"}},
    {"model": "lofi", "seed": 1, "preset": "dusty", "settings": []},
    {"model": ["folk"], "seed": 1},
    {},
]


@pytest.mark.parametrize("recipe", HOSTILE, ids=range(len(HOSTILE)))
def test_a_recipe_opens_no_files(recipe: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"other music|names no model"):
        remade(recipe)


def test_settings_of_a_recipe_are_no_arguments() -> None:
    settings = {"source": "/etc/passwd", "preset": "x.toml", "seed": 9, "set": ["bpm=1"]}
    recipe = {"model": "lofi", "seed": 1, "preset": "dusty", "settings": settings}
    assert remade(recipe).recipe["source"] == ""


WRONG = [("bars", "8"), ("bars", True), ("key", 3), ("temperature", "hot"), ("top_k", [1]),
         ("tempo", {}), ("meter", ["6/8"]), ("min_p", "0")]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_recipe_that_was_changed_is_told_so(name: str, value: object) -> None:
    recipe = {"model": "folk", "seed": 1, "sha256": "0", name: value}
    with pytest.raises(InputError, match=f"its {name} cannot be .* The recipe was changed"):
        remade(recipe)


@pytest.mark.parametrize("bars", [0, "1-2", [1], [1, "2"], {"a": 1}], ids=str)
def test_bars_that_a_recipe_cuts_are_two_numbers(bars: object) -> None:
    recipe = {"model": "lofi", "seed": 1, "preset": "dusty", "settings": {}, "cut": bars}
    with pytest.raises(InputError, match="names no bars to cut"):
        remade(recipe)


def test_a_lofi_track_is_made_again() -> None:
    from nokturn.workflows.lofi import lofi

    piece = lofi(seed=3, bpm=80).piece
    assert piece.recipe
    again = remade(json.loads(json.dumps(piece.recipe)))
    for one, other in zip(piece.score.tracks, again.score.tracks, strict=True):
        assert (one.notes == other.notes).all()


@pytest.mark.parametrize("damage", [slice(0, 60), slice(0, -3), slice(8, None)])
def test_damaged_pictures_hold_no_recipe_or_the_whole(damage: slice) -> None:
    for kind in ("svg", "png"):
        data = exports(tune())[kind].make()[damage]
        assert recipe_in(data) in (None, RECIPE)


def test_a_huge_recipe_is_none_of_ours() -> None:
    assert recipe_in(with_recipe(b"<svg></svg>", {"a": "x" * 200_000})) is None
