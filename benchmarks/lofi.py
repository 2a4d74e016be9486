"""Is a lo-fi track made in ten seconds, on the grid, the same each time, whatever is asked for?

    python benchmarks/lofi.py            1,000 scores of drawn settings, 20 of them as sound
    python benchmarks/lofi.py 100 5 3    fewer; the third number is the seed of what is drawn

First a process of its own makes a track of two minutes on two cores, with stems, MP3 and MIDI, once
more to compare the bytes. Then one core counts processor time for what the track is made of; the
drums' onsets are found in their stem; and settings are drawn from their ranges, with files and
pieces among them. Beside each figure stands what is asked of it. Linux only.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import collections
import hashlib
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import annotated_types
import numpy as np
from numpy.typing import NDArray

import nokturn
from nokturn.music.piece import Piece
from nokturn.music.score import Score, Track
from nokturn.production import bass, comping, drum_styles
from nokturn.production.grooves import groove_names
from nokturn.production.lofi import METERS, Lofi
from nokturn.rendering.audio.drums import KITS
from nokturn.rendering.audio.loudness import integrated, true_peak
from nokturn.rendering.audio.master import mastered
from nokturn.rendering.audio.mix import SAMPLE_RATE, checked_sounds, lay_track
from nokturn.rendering.audio.stems import mixed
from nokturn.rendering.audio.synth import INSTRUMENTS, instrument_named
from nokturn.workflows.lofi import Track as LofiTrack
from nokturn.workflows.lofi import instruments_of, lofi, master_of

STRAIGHT: dict[str, Any] = {"swing": 50, "groove": "", "human": 0}  # what keeps to the grid
CHORDS_ONLY = "Chords"  # music without a melody that a rhythm could be given to
SHORTEST, LONGEST = 0.1, 0.3  # minutes of what is drawn
SIXTEENTH = 120
KEYS = ("", "C", "Db", "F#", "Bb", "Am", "F#m", "Ebm", "G#m", "D dorian")
CHORDS = ("", "ii V I vi", "i bVI bIII bVII", "Dm7 G7 | Cmaj7", "I", "Am7 D9 | Gmaj7 | % | E7b9 E7")
CHOICES: dict[str, tuple[str, ...]] = {
    "meter": METERS, "key": KEYS, "progression": CHORDS, "comping": ("", *comping.STYLES),
    "bassline": ("", *bass.STYLES), "chords": tuple(INSTRUMENTS), "bass": tuple(INSTRUMENTS),
    "lead": tuple(INSTRUMENTS), "drums": ("none", *drum_styles.STYLES), "kit": tuple(KITS),
    "groove": ("", *groove_names()), "rhythm": ("", "euclid", "cells", "metrical", "network"),
}  # fmt: skip


def told(what: str, found: str, asked: str) -> None:
    """Print a figure with what is asked beside it."""
    print(f"{what:46} {found:>28}   asked: {asked}", flush=True)


def whole_track(folder: Path) -> None:
    """Make a track in two processes that know nothing of each other, and compare the files."""
    files = [_made(folder / name) for name in ("first", "second")]
    same = files[0] == files[1] and len(files[0]) > 5
    told("the same seed, files with the same bytes", f"{len(files[0])} files: {same}", "all")


def _made(folder: Path) -> dict[str, str]:
    """Run the command in a folder; return what the files hold, hashed, by name."""
    folder.mkdir()
    command = [
        sys.executable, "-m", "nokturn", "lofi", "--seed", "7", "--minutes", "2",
        "-o", "t.mp3", "-o", "t.mid", "--stems", "stems", "--json", "-q",
    ]  # fmt: skip
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cores = sorted(os.sched_getaffinity(0))[:2]
    code = f"import os; os.sched_setaffinity(0, {cores}); os.execv({command[0]!r}, {command!r})"
    here = os.environ | {"PYTHONPATH": str(Path(nokturn.__file__).parents[1])}
    subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=here, check=True, stdout=subprocess.DEVNULL
    )
    took = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told("two minutes, stems, MP3, MIDI, two cores", f"{took:.1f} s ({spent:.1f} s of work)",
         "<= 10 s")  # fmt: skip
    told("memory at its highest", f"{after.ru_maxrss / 1024:.0f} MB", "< 1,000 MB")
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.*"))
    }


def spent_on(work: Callable[[], object]) -> float:
    """Return the best of two in seconds of processor time, after one run that does not count."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times[1:])


def ratios() -> None:
    """Count how many times faster than real time the instruments and all that follows are."""
    track = lofi(seed=7, minutes=2)
    seconds = track.piece.score.seconds(track.piece.score.end)
    notes = spent_on(lambda: _synthesised(track))

    parts = track.stems()
    whole = mixed(parts)
    chain = master_of(track.settings)
    master = spent_on(lambda: mastered(whole, SAMPLE_RATE, chain, seed=7))

    def staged() -> None:
        track._stems.clear()
        track.stems()

    rest = spent_on(staged) - notes
    told("synthesis, a core", f"{seconds / notes:.0f} x real time", ">= 100 x")
    told("effects of the whole mix, a core", f"{seconds / master:.0f} x real time", ">= 50 x")
    tracks = len(track.piece.score.tracks)
    told(f"effects of {tracks} tracks and 3 ambiences, a core",
         f"{seconds / rest:.0f} x real time", "")  # fmt: skip


def _synthesised(track: LofiTrack) -> None:
    """Lay down the notes of a track, dry."""
    score = track.piece.score
    sounds, seconds = checked_sounds(score, 3600)
    names = instruments_of(track.settings)
    for part, played in zip(score.tracks, sounds, strict=True):
        signal = np.zeros((2, int((seconds + 2) * SAMPLE_RATE)), dtype=np.float32)
        instrument = instrument_named(names.get(part.name, "piano"))
        lay_track(signal, part, played, SAMPLE_RATE, instrument, 0.0, track.settings.kit)


def grid() -> None:
    """Measure how far notes and sounding drums are from the grid they were asked to keep."""
    track = lofi(piano(), seed=3, minutes=0.6, drums="rock", **STRAIGHT)
    score = track.piece.score
    for part in score.tracks:
        late = (part.notes["onset"] + SIXTEENTH // 2) % SIXTEENTH - SIXTEENTH // 2
        worst = 1000 * np.abs(late).max() * 60 / track.settings.bpm / 480
        told(f"notes of {part.name} off the grid, at most", f"{worst:.2f} ms", "<= 5 ms")
    drums = next(part for part in score.tracks if part.drums)
    asked = np.unique(score.seconds_at(drums.notes["onset"]))
    late = onsets_late(track.stems()["Drums"], asked)
    told(f"{len(late)} blows heard in the drums' stem, median", f"{np.median(late):.2f} ms", "")
    told("... the worst", f"{np.abs(late).max():.2f} ms", "<= 5 ms")


def onsets_late(sound: NDArray[np.float32], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how many milliseconds each blow is heard late, where the sound tells.

    A blow is heard where the level of a millisecond first exceeds that of the milliseconds before
    by a tenth of what it rises to; blows that do not rise above what still sounds tell nothing.
    """
    step = SAMPLE_RATE // 1000
    level = np.abs(sound).max(axis=0)
    level = level[: len(level) // step * step].reshape(-1, step).max(axis=1)
    late = []
    for second in asked:
        at = round(second * SAMPLE_RATE / step)
        before, near = level[max(at - 12, 0) : max(at - 2, 1)].max(), level[at - 2 : at + 15]
        if at > 12 and near.max() > 3 * before:
            first = int(np.argmax(near > before + 0.1 * (near.max() - before)))
            late.append((at - 2 + first) * step / SAMPLE_RATE - second)
    return 1000 * np.array(late)


def piano() -> Piece:
    """Return chords of C and G, a bar each."""
    rows = [
        (k * 1920, 1920, pitch, 80)
        for k in range(8)
        for pitch in ((48, 60, 64, 67) if k % 2 == 0 else (43, 59, 62, 67))
    ]
    return Piece(Score([Track.of(rows, "Piano")]), title=CHORDS_ONLY)


def tune(rng: np.random.Generator) -> Piece:
    """Return a melody of one voice, drawn note by note."""
    rows = [(240 * k, 200, 60 + int(rng.integers(24)), 80) for k in range(64)]
    return Piece(Score([Track.of(rows, "Tune", 73)]))


def note() -> Piece:
    """Return one note."""
    return Piece(Score([Track.of([(0, 480, 60, 80)])]))


def drawn_settings(rng: np.random.Generator) -> dict[str, Any]:
    """Return settings, each drawn from its range or left alone."""
    drawn: dict[str, Any] = {}
    for name, field in Lofi.model_fields.items():
        if rng.random() < 0.3:
            continue
        options = CHOICES.get(name) or getattr(field.annotation, "__args__", ())
        low, high = (
            next((getattr(m, end) for m in field.metadata if isinstance(m, kind)), None)
            for end, kind in (("ge", annotated_types.Ge), ("le", annotated_types.Le))
        )
        if name == "layers":
            drawn[name] = [[int(rng.integers(35, 82)), k := int(rng.integers(1, 17)), k + 3]]
        elif field.annotation is bool:
            drawn[name] = bool(rng.integers(2))
        elif low is not None and high is not None:
            edge = rng.random()  # ranges are to hold at their ends, too
            value = low if edge < 0.1 else high if edge > 0.9 else rng.uniform(low, high)
            drawn[name] = int(value) if field.annotation is int else float(value)
        elif options:
            drawn[name] = str(options[int(rng.integers(len(options)))])
    drawn["minutes"] = float(rng.uniform(SHORTEST, LONGEST))
    return drawn


def settled(drawn: dict[str, Any], source: Piece | str) -> dict[str, Any]:
    """Return settings without those that are refused beside others, in words."""
    if source:
        drawn.pop("meter", None)
    if drawn.get("melody") == "none" or (isinstance(source, Piece) and source.title == CHORDS_ONLY):
        drawn.pop("rhythm", None)
    if drawn.get("drummer") == "network" and drawn.get("meter", "4/4") != "4/4":
        del drawn["drummer"]
    return drawn


def tried(count: int, sounds: int, rng: np.random.Generator) -> None:
    """Make tracks of drawn settings; say what goes wrong with which."""
    wrong: collections.Counter[str] = collections.Counter()
    heard: list[tuple[float, float]] = []
    begun = time.process_time()
    for number in range(count):
        source = (piano(), tune(rng), note(), "", "", "", "")[int(rng.integers(7))]
        settings = settled(drawn_settings(rng), source)
        try:
            track = lofi(source, seed=number, **settings)
            if number < sounds:
                heard.append(_heard(track))
        except Exception as error:  # what is wrong is what is asked for here
            said = f"{type(error).__name__}: {error}"
            wrong[said[:60]] += 1
            print(f"seed {number}, {source!r:.30}, {settings}: {said}")
    spent = time.process_time() - begun
    told(f"scores of drawn settings, {spent / count:.2f} s each", f"{sum(wrong.values())} wrong of "
         f"{count}", "none")  # fmt: skip
    if heard:
        loud, peaks = np.array(heard).T
        told(f"{len(heard)} as sound: LUFS", f"{loud.min():.2f} to {loud.max():.2f}", "-16 +- 1")
        told("... true peaks at most", f"{peaks.max():.2f} dBFS", "<= -1 dBFS")


def _heard(track: LofiTrack) -> tuple[float, float]:
    """Return loudness and true peak of a track that is finite and sounds; else raise."""
    sound = track.mix()
    if not np.isfinite(sound).all():
        raise ValueError("the sound is not finite")
    if not np.abs(sound).max() > 0:
        raise ValueError("there is silence")
    loud, peak = integrated(sound, SAMPLE_RATE), 20 * np.log10(true_peak(sound))
    if abs(loud + 16) > 1 or peak > -1 + 1e-3:
        raise ValueError(f"{loud:.2f} LUFS, true peak {peak:.2f} dBFS")
    return loud, peak


def main(count: int = 1000, sounds: int = 20, seed: int = 1) -> None:
    """Print a line for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        whole_track(Path(folder))
    ratios()
    grid()
    tried(count, sounds, np.random.default_rng(seed))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
