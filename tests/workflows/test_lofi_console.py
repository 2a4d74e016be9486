"""A lo-fi track at the mixer: faders, mixes again, what is taken away, endless tracks in blocks."""

import io
import itertools
import json
import os
import time
import weakref
import zipfile

import numpy as np
import pytest
import soundfile

from nokturn.errors import InputError, UsageError
from nokturn.rendering.audio.files import audio_bytes, sixteen_bits
from nokturn.rendering.audio.loudness import integrated, true_peak
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.stems import Fader, faded, mixed, summed, through
from nokturn.workflows.lofi import lofi, remade, settings_of
from nokturn.workflows.lofi_console import KINDS, Console, _key, opening
from nokturn.workflows.lofi_presets import choices, euclid, preset_text, presets, read_preset
from nokturn.workflows.lofi_room import folder_of, forget_old
from nokturn.workflows.lofi_stream import block_of, endless

MOVED = {"strips": {"rain": {"gain_db": -6, "pan": 0.4}, "drums": {"mute": True}}, "tone_hz": 6000}


@pytest.fixture(scope="module")
def track():
    return lofi(seed=7, minutes=0.2)


@pytest.fixture(scope="module")
def console(track, tmp_path_factory):
    return Console.laid(track, tmp_path_factory.mktemp("console"))


def heard(path):
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    return samples.T


@pytest.mark.parametrize("pan", [-1, -0.3, 0, 0.3, 1])
def test_panning_is_that_of_the_browser(pan):
    left, right = stem = np.array([[1.0, 0.5], [0.2, -0.3]], np.float32)
    out = through(stem, Fader(2.0, pan))
    # https://webaudio.github.io/web-audio-api/#stereopanner-algorithm, for two channels
    x = (pan + 1 if pan <= 0 else pan) * np.pi / 2
    if pan <= 0:
        expected = [left + right * np.cos(x), right * np.sin(x)]
    else:
        expected = [left * np.cos(x), right + left * np.sin(x)]
    assert out == pytest.approx(2 * np.array(expected), abs=1e-6)


def test_a_fader_that_is_down_leaves_its_stem_out():
    parts = {"Rain": np.ones((2, 4), np.float32), "Bass": np.ones((2, 4), np.float32)}
    assert list(faded(parts, {"Rain": Fader(0.0)})) == ["Bass"]


def test_stems_that_come_one_by_one_have_the_same_sum():
    rng = np.random.default_rng(1)
    parts = {name: rng.normal(0, 0.1, (2, 400)).astype(np.float32) for name in ("a", "b", "c", "d")}
    faders = {"b": Fader(0.5, 0.2), "c": Fader(0.0), "d": Fader(1.2, -1)}
    whole = mixed(faded(parts, faders))
    assert summed(parts.items(), faders).tolist() == whole.tolist()
    assert not summed(parts.items(), dict.fromkeys(parts, Fader(0.0))).any()


@pytest.mark.parametrize("what", ["a mix", "an archive"])
def test_of_a_long_track_two_stems_are_held_at_most(track, tmp_path, monkeypatch, what):
    console = Console.laid(track, tmp_path)
    read, held = Console.stem, []

    def stem(self, name):
        assert sum(one() is not None for one in held) <= 1
        sound = read(self, name)
        held.append(weakref.ref(sound))
        return sound

    monkeypatch.setattr(Console, "stem", stem)
    if what == "a mix":
        console.mixed({"tone_hz": 4000})
    else:
        console.taken("stems")
    assert len(held) == len(console.told["stems"])


def test_faders_are_settings_and_stems_sum_to_what_the_master_hears(track):
    moved = lofi(seed=7, minutes=0.2, **MOVED)
    parts = moved.stems()
    assert "Drums" not in parts
    assert parts["Rain"] == pytest.approx(
        through(track.stems()["Rain"], Fader(10 ** (-6 / 20), 0.4)), abs=1e-6
    )
    mix = moved.mix()
    assert integrated(mix, SAMPLE_RATE) == pytest.approx(-16, abs=0.6)
    assert 20 * np.log10(true_peak(mix)) <= -0.99


def test_all_muted_is_silence():
    strips = {name: {"mute": True} for name in choices()["strips"]}
    assert not lofi(seed=7, minutes=0.1, strips=strips).mix().any()


def test_the_first_mix_is_what_the_command_line_writes(track, console):
    recipe = json.dumps(track.piece.recipe, sort_keys=True)
    data = audio_bytes(
        track.mix().T, "wav", title=track.piece.title, tempo_qpm=track.settings.bpm, recipe=recipe
    )
    assert console.taken("wav").read_bytes() == data


def test_a_mix_made_again_is_that_of_a_track_with_these_faders(console):
    key = console.mixed(MOVED)
    whole = lofi(seed=7, minutes=0.2, **MOVED).mix()
    again = heard(console.taken("wav", key))
    error = ((whole - again) ** 2).mean() / (whole**2).mean()
    assert 10 * np.log10(error) < -55
    assert console.mixed(MOVED) == key
    assert console.mixed({}) == console.told["mix"]


def test_a_track_is_made_again_from_its_recipe(track):
    again = remade(json.loads(json.dumps(track.piece.recipe)))
    assert np.array_equal(again.mix(), track.mix())
    with pytest.raises(InputError, match="does not say how its sound was made"):
        remade({"seed": 1})


def test_a_recipe_with_changed_settings_says_so(console):
    key = console.mixed({"width": 0.5})
    recipe = console._piece(console.with_changes({"width": 0.5})).recipe
    again, kept = remade(recipe).mix(), heard(console.taken("wav", key))
    assert np.abs(again - kept).max() < 0.01


def test_only_settings_of_the_mixer_make_another_mix(console):
    with pytest.raises(UsageError, match="bpm is heard in the instruments"):
        console.mixed({"bpm": 90})
    with pytest.raises(UsageError, match="no strip 'fluegelhorn'"):
        console.mixed({"strips": {"fluegelhorn": {"mute": True}}})


@pytest.mark.parametrize("kind", KINDS)
def test_everything_can_be_taken_and_then_its_size_is_known(kind, console):
    path = console.taken(kind)
    told = {row["kind"]: row for row in console.sizes()}[kind]
    assert told["bytes"] == path.stat().st_size > 0
    assert told["name"].startswith("lofi-")
    assert told["about"] == pytest.approx(told["bytes"], rel=0.6, abs=2000)
    assert console.taken(kind) == path


def test_lossless_forms_hold_the_same_samples(console):
    wav, flac = (soundfile.read(console.taken(kind), dtype="int16")[0] for kind in ("wav", "flac"))
    assert np.array_equal(wav, flac)


def test_a_loop_taken_is_exact_to_the_sample(console, track):
    frames = soundfile.info(console.taken("loop", bars=4)).frames
    assert frames == round(4 * 4 * 60 / track.settings.bpm * SAMPLE_RATE)


def test_stems_taken_are_as_the_faders_stand_and_of_one_length(console):
    key = console.mixed(MOVED)
    with zipfile.ZipFile(console.taken("stems", key)) as archive:
        names = archive.namelist()
        sounds = {n: soundfile.read(io.BytesIO(archive.read(n)))[0] for n in names if "wav" in n}
    assert not [name for name in names if "drums" in name]
    assert {"02-bass.wav", "02-bass.mid"} <= set(names)
    assert len({sound.shape for sound in sounds.values()}) == 1
    parts = {name: sound.T for name, sound in sounds.items()}
    before = mixed({k: v.astype(np.float32) for k, v in parts.items()})
    assert console.mix(key)[1]["gain_db"] == pytest.approx(
        -16 - integrated(before, SAMPLE_RATE), abs=0.1
    )


def test_levels_are_those_of_the_stems(console, track):
    row = next(row for row in console.told["stems"] if row["name"] == "Bass")
    bass = track.plain_stems()["Bass"]
    loudest = int(np.argmax(row["levels"]))
    part = bass[:, loudest * 2205 : (loudest + 1) * 2205]
    assert row["levels"][loudest] == pytest.approx(10 * np.log10((part**2).mean()), abs=0.6)


@pytest.fixture
def cache(tmp_path):
    """A cache of two tracks; the second, which was asked for last, has other mixes and an MP3."""
    consoles = []
    for number, age in ((1, 300), (2, 200)):
        folder = tmp_path / "lofi" / str(number)
        consoles.append(console := Console.laid(lofi(seed=number, minutes=0.1), folder))
        if number == 2:
            for width in (0.2, 0.4):
                console.mixed({"width": width})
            console.taken("mp3")
        for path in folder.iterdir():
            aged(path, age)
    return tmp_path, consoles


def aged(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_of_a_full_cache_the_track_goes_that_was_not_heard_longest(cache):
    folder, (first, second) = cache
    (second.folder / f"mix-{_key(second.with_changes({'width': 0.2}))}.wav").unlink()  # by hand
    forget_old(folder, limit=size(folder), in_use_s=60)
    assert first.folder.exists()
    forget_old(folder, limit=size(folder) - 1, in_use_s=60)
    assert not first.folder.exists()
    assert len(list(second.folder.glob("mix-*.wav"))) == 2
    with pytest.raises(InputError, match="no longer here"):
        Console(first.folder)


def test_mixes_and_exports_go_before_their_track(cache):
    folder, (_, second) = cache
    kept = second.with_changes({"width": 0.4})
    aged(second.folder / "console.json", 100)
    aged(second.folder / f"mix-{_key(kept)}.json", 150)
    most = size(second.folder) - 1
    forget_old(folder, limit=most, in_use_s=60)
    assert size(second.folder) <= most
    assert second.mix(_key(kept))[0].exists()
    assert second.taken("wav").exists()
    with pytest.raises(InputError, match="no longer here"):
        second.mix(_key(second.with_changes({"width": 0.2})))


def test_what_is_in_use_stays_however_large(cache):
    folder, (first, second) = cache
    Console(first.folder)
    second.mixed({"width": 0.2})
    aged(second.folder / "console.json", 61)
    forget_old(folder, limit=0, in_use_s=60)
    assert Console(first.folder).taken("wav").exists()
    assert not second.folder.exists()


def test_an_opening_begins_as_the_whole_does():
    track = lofi(seed=7, minutes=1)
    first, whole = opening(track), track.mix()
    assert 16 < first.shape[1] / SAMPLE_RATE < 40
    span = slice(0, 12 * SAMPLE_RATE)
    loud = [integrated(sound[:, span], SAMPLE_RATE) for sound in (first, whole)]
    assert loud[0] == pytest.approx(loud[1], abs=3)
    alike = np.corrcoef(first[0, span], whole[0, span])[0, 1]
    assert alike > 0.95
    assert opening(lofi(seed=7, minutes=0.1)) is None


def test_the_same_recipe_has_the_same_folder(track, tmp_path):
    recipe = track.piece.recipe
    assert folder_of(tmp_path, recipe) == folder_of(tmp_path, json.loads(json.dumps(recipe)))


def test_blocks_of_an_endless_track_are_what_it_yields(tmp_path):
    chosen, _ = settings_of("dusty", (), {"bpm": 160, "rain": 0.4})
    # six blocks: over the end of a movement into the next
    blocks = [block_of(tmp_path, "a", n, chosen, 7)[0] for n in range(6)]
    whole = np.concatenate(list(itertools.islice(endless(seed=7, bpm=160, rain=0.4), 6)))
    assert np.array_equal(np.concatenate(blocks), whole)
    again, name = block_of(tmp_path, "a", 5, chosen, 7)
    assert np.array_equal(again, blocks[5])
    assert name.startswith("A in ")
    with pytest.raises(InputError, match="put away"):
        block_of(tmp_path, "b", 1, chosen, 7)


def test_settings_may_change_between_blocks(tmp_path):
    calm, _ = settings_of("dusty", (), {"bpm": 160})
    drums, _ = settings_of("dusty", (), {"bpm": 160, "strips": {"chords": {"mute": True}}})
    block_of(tmp_path, "a", 0, calm, 7)
    there, _ = block_of(tmp_path, "a", 1, calm, 7)
    gone, _ = block_of(tmp_path, "a", 1, drums, 7)
    assert there.shape == gone.shape
    assert not np.array_equal(there, gone)


def test_presets_are_text_that_is_read_back(tmp_path):
    chosen, _ = settings_of("bossa", (), {"layers": [[70, 5, 16, 2]], **MOVED})
    text = preset_text('My "own"\none', chosen)
    assert text.startswith('# My "own" one\n')
    assert settings_of("dusty", (), read_preset(text))[0] == chosen
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    (tmp_path / "bad.toml").write_text("bpm = 1\n", encoding="utf-8")
    rows = {row["name"]: row for row in presets(tmp_path)}
    assert rows["bossa"]["built_in"]
    assert rows["own"]["title"] == 'My "own" one'
    assert "lofi.bpm = 1" in rows["bad"]["problem"]
    with pytest.raises(InputError, match="no preset"):
        read_preset("bpm = = 3")


def test_choices_say_of_every_setting_what_it_may_be():
    rows = choices()["settings"]
    assert (rows["bpm"]["low"], rows["bpm"]["high"], rows["bpm"]["usual"]) == (40, 200, 78)
    assert rows["wow"] == {"kind": "number", "choices": [], "low": 0, "high": 1, "usual": None}
    assert "dusty" in rows["drums"]["choices"]
    assert "Fm" in rows["key"]["choices"]


@pytest.mark.parametrize(
    ("row", "hits"),
    [([70, 4, 16], [0, 4, 8, 12]), ([70, 4, 16, 1], [3, 7, 11, 15])],
    ids=["as it is", "turned to the left"],
)
def test_layers_turn(row, hits):
    straight = {"swing": 50, "groove": "", "human": 0, "drums": "none", "fills": 0}
    track = lofi(seed=7, minutes=0.2, layers=[row], **straight)
    drums = next(one for one in track.piece.score.tracks if one.name == "Drums").notes
    assert {int(at) % 1920 // 120 for at in drums["onset"]} == set(hits)
    assert [k for k, hit in enumerate(euclid(4, 16, row[3] if row[3:] else 0)) if hit] == hits


@pytest.mark.parametrize(
    "layers", [[[70, 5]], [[70, 5, 4]], [[20, 5, 16]], [[70, 5, 16, 16]], [[70, 5, 16, 1, 1]]]
)
def test_layers_that_cannot_be(layers):
    with pytest.raises(UsageError, match="a layer is a drum"):
        lofi(seed=1, layers=layers)


def test_sound_of_sixteen_bits_is_written_as_it_is():
    samples = np.random.default_rng(1).uniform(-1, 1, (500, 2)).astype(np.float32)
    whole = sixteen_bits(samples)
    assert audio_bytes(whole, "wav") == audio_bytes(samples, "wav")
