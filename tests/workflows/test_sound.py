"""What is mixed on a page is what is exported, at any tempo, with clicks where the beats are."""

import io

import numpy as np
import pytest

from nokturn.errors import LimitError, UsageError
from nokturn.formats._abc_reader import read_tune
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.music.time import Meter
from nokturn.rendering.audio.loudness import integrated
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.workflows.sound import count_in, metronome, piece_stems, sound, stem_bytes

TUNE = [(k * 240, 240, 62 + (k * 5) % 12, 80) for k in range(16)]
BASS = [(k * 960, 960, 38 + k, 90) for k in range(4)]
DRUMS = [(k * 480, 60, (36, 38)[k % 2], 127) for k in range(8)]


def band(drums: int = 127) -> Piece:
    rows = [(onset, length, pitch, drums) for onset, length, pitch, _ in DRUMS]
    tracks = [
        Track.of(TUNE, program=73),
        Track.of([], name="Silent"),
        Track.of(BASS, program=33),
        Track.of(rows, drums=True),
    ]
    return Piece(Score(tracks, tempos=[(0, 140.0)], meters=[(0, Meter(4, 4))], length=3840))


def decibels(signal: np.ndarray, whole: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(signal).max() / np.abs(whole).max() + 1e-12))


@pytest.mark.parametrize("drums", [20, 127], ids=["nothing limited", "peaks limited"])
def test_stems_sum_to_the_exported_mix(drums: int) -> None:
    piece = band(drums)
    parts, mix = piece_stems(piece), sound(piece).T
    assert list(parts) == ["Flute", "Fingered Bass", "Drums"]
    assert decibels(sum(parts.values()) - mix, mix) < -100


def test_stems_make_variations_equally_loud() -> None:
    for piece in (band(30), band(127), read_tune("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|GABc|\n")):
        mix = sum(piece_stems(piece).values())
        assert integrated(mix, SAMPLE_RATE) == pytest.approx(-16, abs=0.5)


def test_a_slower_tempo_takes_longer_at_the_same_pitch() -> None:
    piece = Piece(Score([Track.of([(0, 1920, 69, 80)], program=73)], tempos=[(0, 120.0)]))
    usual, slow = piece_stems(piece)["Melody"], piece_stems(piece, tempo=0.5)["Melody"]
    assert slow.shape[1] - usual.shape[1] == 2 * SAMPLE_RATE
    for part in (usual, slow):
        spectrum = np.abs(np.fft.rfft(part[0, SAMPLE_RATE // 2 :][:SAMPLE_RATE]))
        assert abs(int(spectrum.argmax()) - 440) <= 3 or abs(int(spectrum.argmax()) - 880) <= 6


@pytest.mark.parametrize("tempo", [0.4, 2.1])
def test_a_tempo_out_of_range_is_refused(tempo: float) -> None:
    with pytest.raises(UsageError, match=r"times is out of range\. Take 0\.5 to 2"):
        piece_stems(band(), tempo=tempo)


def test_too_many_minutes_of_stems_are_refused() -> None:
    tracks = [Track.of([(0, 480 * 120 * 20, 60, 80)]) for _ in range(8)]
    with pytest.raises(LimitError, match="8 tracks of 20 minutes are too much at once"):
        piece_stems(Piece(Score(tracks)))


def clicks_at(signal: np.ndarray) -> list[float]:
    """Return the seconds at which clicks begin."""
    loud = np.flatnonzero(np.abs(signal[0]) > 1e-4)
    starts = loud[np.flatnonzero(np.diff(loud, prepend=-SAMPLE_RATE) > SAMPLE_RATE // 20)]
    return [round(float(at) / SAMPLE_RATE, 2) for at in starts]


JIG = "X:1\nM:6/8\nL:1/8\nQ:3/8=120\nK:G\n{start}GAB cde|[M:2/4]g2 d2|\n"


def test_the_metronome_follows_the_meter() -> None:
    piece = read_tune(JIG.format(start=""))
    assert clicks_at(metronome(piece)) == [0, 0.5, 1.0, 1.33]
    assert clicks_at(metronome(piece, tempo=0.5)) == [0, 1.0, 2.0, 2.67]


def test_the_metronome_is_as_long_as_the_stems() -> None:
    assert metronome(band()).shape == piece_stems(band())["Drums"].shape


def test_a_bar_is_counted_in() -> None:
    clicks = count_in(read_tune(JIG.format(start="")))
    assert clicks_at(clicks) == [0, 0.5]
    assert clicks.shape == (2, SAMPLE_RATE)


def test_before_a_pickup_it_is_counted_up_to_it() -> None:
    clicks = count_in(read_tune(JIG.format(start="D2|")))
    assert clicks_at(clicks) == [0, 0.5, 1.0, 1.5]
    assert clicks.shape[1] == round(SAMPLE_RATE * (1 + 4 / 6))


def test_before_a_later_bar_its_own_meter_is_counted() -> None:
    assert clicks_at(count_in(read_tune(JIG.format(start="")), bar=1)) == [0, 0.33]
    with pytest.raises(UsageError, match="There is no bar 2; the piece has 2"):
        count_in(read_tune(JIG.format(start="")), bar=2)


def test_a_stem_for_a_browser_is_exact_to_the_sample() -> None:
    soundfile = pytest.importorskip("soundfile")
    stem = piece_stems(band(20))["Flute"]
    kind, data = stem_bytes(stem)
    read, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert (kind, rate, read.shape) == ("audio/flac", SAMPLE_RATE, stem.T.shape)
    assert np.abs(read.T - stem).max() < 2 / 32767
    mono = np.stack([stem[0], stem[0]])
    assert soundfile.info(io.BytesIO(stem_bytes(mono)[1])).channels == 1
