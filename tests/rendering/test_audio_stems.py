"""Stems, master, loops, ambience and streams: what someone who mixes relies on."""

import numpy as np
import pytest
from pydantic import ValidationError

from nokturn.errors import InputError, UsageError
from nokturn.music.score import Score, Track
from nokturn.rendering.audio.ambience import RAINS, SEGMENT, Hiss, Rain, Vinyl
from nokturn.rendering.audio.loudness import integrated, true_peak
from nokturn.rendering.audio.master import Master, coloured, mastered
from nokturn.rendering.audio.mix import SAMPLE_RATE, render
from nokturn.rendering.audio.stems import Channel, folded, mixed, stems
from nokturn.rendering.audio.stream import streamed

BAR = 1920
WET = {
    "Chords": Channel(plate=0.2, duck_db=4, chorus=0.4, tremolo=0.3, high_cut_hz=5000),
    "Bass": Channel(room=0, high_cut_hz=2500, gain_db=-2, pan=0),
    "Melody": Channel(echo=0.3, low_cut_hz=200, width=1.2),
    "Drums": Channel(drive=1.5, bits=12, hold_hz=24_000),
}
DUSTY = Master(glue=2, drive=1.5, warmth_hz=7000, movement=0.5, wow_cents=8, flutter_cents=2)


def band(bars=2, tempo=90.0):
    """Return a little of everything, with a note that rings over the last bar line."""
    chords = [(k * BAR, BAR, pitch, 70) for k in range(bars) for pitch in (53, 60, 63, 67)]
    bass = [(k * 480, 400, 41, 85) for k in range(4 * bars)]
    melody = [(k * 240, 220, 72 + (k * 5) % 12, 75) for k in range(8 * bars)]
    drums = [(k * 240, 60, (36, 42, 38, 46)[k % 4], 95) for k in range(8 * bars)]
    return Score(
        [
            Track.of(chords, name="Chords", program=4),
            Track.of(bass, name="Bass", program=33),
            Track.of(melody, name="Melody", program=11),
            Track.of(drums, name="Drums", drums=True),
        ],
        tempos=[(0, tempo)],
        length=bars * BAR,
    )


@pytest.fixture(scope="module")
def parts():
    return stems(band(), channels=WET, kit="lofi", ambiences={"Rain": Rain(7, 0.4)})


@pytest.fixture(scope="module")
def loop():
    ambiences = {"Rain": Rain(7, 0.4), "Vinyl": Vinyl(7, 0.3)}
    made = stems(band(), channels=WET, kit="lofi", ambiences=ambiences, loop=True)
    return mastered(mixed(made), SAMPLE_RATE, DUSTY, seed=3, loop=True)


def decibels(signal):
    return 20 * np.log10(np.sqrt((signal.astype(float) ** 2).mean()) + 1e-12)


def test_every_track_and_ambience_has_a_stem_of_one_length(parts):
    assert list(parts) == ["Chords", "Bass", "Melody", "Drums", "Rain"]
    assert len({part.shape for part in parts.values()}) == 1
    for part in parts.values():
        assert part.dtype == np.float32
        assert np.isfinite(part).all()
        assert 0.001 < np.abs(part).max() < 1
        assert np.abs(part.mean()) < 1e-4


def test_stems_sum_to_the_mix_before_the_master(parts):
    """Each stem is its own track alone, as loud as in the whole."""
    alone = band()
    alone.tracks = alone.tracks[:3]
    without = stems(alone, channels={**WET, "Chords": WET["Chords"]}, kit="lofi")
    together = sum(parts[name].astype(float) for name in parts)
    assert decibels(mixed(parts) - together) < decibels(together) - 60
    for name in ("Bass", "Melody"):  # the chords hear the kick
        count = min(parts[name].shape[1], without[name].shape[1])
        a, b = parts[name][:, :count].astype(float), without[name][:, :count].astype(float)
        factor = (a * b).sum() / (b * b).sum()
        assert decibels(a - factor * b) < decibels(a) - 60


def test_the_music_stands_at_the_level_of_the_stage_and_rain_well_below(parts):
    music = mixed({name: part for name, part in parts.items() if name != "Rain"})
    assert integrated(music, SAMPLE_RATE) == pytest.approx(-23, abs=0.1)
    assert integrated(parts["Rain"], SAMPLE_RATE) < -23 - 15


def test_the_kick_makes_room_for_itself_among_the_chords():
    dry = stems(band(), channels={"Chords": Channel(room=0)})["Chords"]
    pumped = stems(band(), channels={"Chords": Channel(room=0, duck_db=12)})["Chords"]
    kick = int(4 * 240 / 480 * 60 / 90 * SAMPLE_RATE) + 500
    there, later = slice(kick, kick + 500), slice(kick + 15_000, kick + 16_000)

    def fall(where):
        return decibels(pumped[:, where]) - decibels(dry[:, where])

    assert fall(there) - fall(later) == pytest.approx(-12, abs=1)


def test_two_tracks_of_one_name_have_two_stems():
    score = band()
    for track in score.tracks[:3]:
        track.name = "Flute"
    assert list(stems(score)) == ["Flute", "Flute 2", "Flute 3", "Drums"]


def test_an_instrument_is_chosen_by_name():
    plain, felt = (stems(band(), instruments=names)["Chords"] for names in
                   ({}, {"Chords": "felt piano"}))  # fmt: skip
    assert not np.array_equal(plain, felt)
    with pytest.raises(UsageError, match="felt piano"):
        stems(band(), instruments={"Chords": "felt pianno"})


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        Channel(room=2)
    with pytest.raises(ValidationError, match="warmth"):
        Master(warmth=3)


def test_the_master_is_as_loud_as_it_says(parts):
    mix = mixed(parts)
    given = mix.copy()
    sound = mastered(mix, SAMPLE_RATE, DUSTY, seed=3)
    assert np.array_equal(mix, given)
    assert sound.shape == mix.shape
    assert integrated(sound, SAMPLE_RATE) == pytest.approx(-16, abs=1)
    assert 20 * np.log10(true_peak(sound)) <= -1 + 1e-3
    assert np.abs(sound.mean()) < 1e-3
    assert np.array_equal(sound, mastered(mix, SAMPLE_RATE, DUSTY, seed=3))
    assert not np.array_equal(sound, mastered(mix, SAMPLE_RATE, DUSTY, seed=4))


def test_plain_channels_are_the_plain_rendering():
    plain, mix = render(band(), lufs=None).T, mixed(stems(band()))
    count = min(plain.shape[1], mix.shape[1]) - SAMPLE_RATE  # both fade out
    a, b = plain[:, :count].astype(float), mix[:, :count].astype(float)
    factor = (a * b).sum() / (b * b).sum()
    assert decibels(a - factor * b) < decibels(a) - 100


@pytest.mark.parametrize(("bars", "tempo"), [(1, 60.0), (2, 78.0), (1, 91.7)])
def test_a_loop_is_exact_to_the_sample(bars, tempo):
    made = stems(band(bars, tempo), loop=True)
    expected = round(bars * 4 * 60 / tempo * SAMPLE_RATE)
    assert {part.shape for part in made.values()} == {(2, expected)}


def test_nothing_clicks_where_a_loop_begins_again(loop):
    """Neither a step between samples nor treble that is not elsewhere."""
    round_and_round = np.tile(loop, 2).astype(float)
    seam = loop.shape[1]
    bends = np.abs(np.diff(round_and_round, n=2))
    assert bends[:, seam - 3 : seam + 1].max() < 0.5 * np.quantile(bends, 0.999)
    frames = round_and_round[0, seam % 512 :]
    frames = frames[: len(frames) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    treble = (np.abs(np.fft.rfft(frames))[:, 190:] ** 2).sum(axis=1)  # above 16 kHz
    across = round_and_round[0, seam - 256 : seam + 256] * np.hanning(512)
    assert (np.abs(np.fft.rfft(across))[190:] ** 2).sum() <= treble.max()


def test_a_loop_has_its_loudness(loop):
    assert integrated(np.tile(loop, 4), SAMPLE_RATE) == pytest.approx(-16, abs=1)
    assert 20 * np.log10(true_peak(np.tile(loop, 2))) <= -1 + 0.1


def test_what_rings_over_the_end_sounds_at_the_beginning():
    score = Score([Track.of([(BAR - 60, 60, 60, 100)])], length=BAR)
    once = stems(score)["Track"]
    wrapped = stems(score, loop=True)["Track"]
    assert np.abs(once[:, :SAMPLE_RATE]).max() < 1e-6
    assert np.abs(wrapped[:, :SAMPLE_RATE]).max() > 0.01


def test_folding_keeps_the_sum():
    signal = np.arange(20, dtype=np.float32).reshape(2, 10)
    assert folded(signal, 4).sum() == signal.sum()
    assert np.array_equal(folded(signal, 10), signal)


def test_a_loop_of_nothing_is_refused():
    with pytest.raises(InputError, match="no music to make a loop of"):
        stems(Score([Track.of([])]), loop=True)


AMBIENCES = {
    **{kind: Rain(3, 0.4, kind=kind) for kind in RAINS},
    "vinyl": Vinyl(3, 0.4),
    "hiss": Hiss(3, 0.4),
}


@pytest.mark.parametrize("name", AMBIENCES)
def test_an_ambience_is_the_same_however_it_is_cut(name):
    made = AMBIENCES[name]
    whole = made.block(SEGMENT - 5000, 10_000)
    assert np.array_equal(whole[:, :3000], made.block(SEGMENT - 5000, 3000))
    assert np.array_equal(whole[:, 3000:], made.block(SEGMENT - 2000, 7000))
    fresh = type(made)(**{k: v for k, v in vars(made).items() if k != "_made"})
    assert np.array_equal(whole, fresh.block(SEGMENT - 5000, 10_000))


@pytest.mark.parametrize("name", AMBIENCES)
def test_an_ambience_is_well_below_music(name):
    sound = AMBIENCES[name].block(0, 8 * SAMPLE_RATE)
    assert np.isfinite(sound).all()
    assert integrated(sound, SAMPLE_RATE) < -16 - 14
    assert np.abs(sound).max() < 0.5
    assert np.abs(sound.mean()) < 1e-4


def test_ambiences_never_repeat():
    rain = Rain(3, 0.4)
    first, second = rain.block(0, SEGMENT)[0], rain.block(SEGMENT, SEGMENT)[0]
    spectrum = np.fft.rfft(first) * np.conj(np.fft.rfft(second))
    likeness = np.fft.irfft(spectrum) / np.sqrt((first**2).sum() * (second**2).sum())
    assert np.abs(likeness).max() < 0.05


def test_another_seed_is_other_rain_and_no_amount_is_silence():
    assert not np.array_equal(Rain(1).block(0, 1000), Rain(2).block(0, 1000))
    assert not Rain(1, 0.0).block(0, 1000).any()


def test_rain_is_broad_and_crackle_is_sparse():
    rain, vinyl = (made.block(0, SEGMENT)[0] for made in (Rain(3), Vinyl(3)))
    power = np.abs(np.fft.rfft(rain)) ** 2
    f = np.fft.rfftfreq(SEGMENT, 1 / SAMPLE_RATE)
    octaves = [
        10 * np.log10(power[(f > hz) & (f < 2 * hz)].mean()) for hz in (500, 1000, 2000, 4000)
    ]
    assert max(octaves) - min(octaves) < 15

    def peaks(sound):
        return np.abs(np.diff(sound)).max() / np.diff(sound).std()

    assert peaks(vinyl) > 2 * peaks(rain) > 10


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rain(1, 1.5), r"the amount of rain is 1\.5\. Give 0"),
        (lambda: Rain(1, 0.4, kind="hevy"), r"no 'hevy' rain\. Did you mean heavy\?"),
    ],
)
def test_wrong_ambiences_are_explained(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_a_stream_has_no_seams(monkeypatch):
    """Given away piece by piece it is what it would be in one piece."""
    from nokturn.rendering.audio import stream

    heard, given = [], []
    plain = stream._Tape.played

    def listening(self, sound, last=False):
        heard.append(sound.copy())
        return plain(self, sound, last)

    monkeypatch.setattr(stream._Tape, "played", listening)
    given = list(
        streamed([band()] * 2, channels=WET, ambiences={"Rain": Rain(7, 0.3)}, master=DUSTY)
    )
    whole = coloured(np.concatenate(heard, axis=1), SAMPLE_RATE, DUSTY)
    sound = np.concatenate(given, axis=1)
    assert sound.shape == whole.shape
    gain = (sound.astype(float) * whole).sum() / (whole.astype(float) ** 2).sum()
    bars = 4 * 4 * 60 / 90
    assert sound.shape[1] / SAMPLE_RATE > bars + 2
    assert decibels(sound - gain * whole) < decibels(sound) - 25  # but for the limiter
    assert integrated(sound, SAMPLE_RATE) == pytest.approx(-16, abs=1.5)
    assert true_peak(sound) < 10 ** (-1 / 20)
