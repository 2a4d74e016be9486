"""FluidSynth: a score played by the user's SoundFont, through the `fluidsynth` program or library.

    samples = render_with(score, "GeneralUser.sf2")      # as `mix.render` gives them

Used only where a SoundFont is named; the synthesiser of our own needs neither. FluidSynth's sound
is brought to the same loudness. The program is called with a list of words, never through a shell;
where there is none, the library is used by way of pyfluidsynth (the extra `fluidsynth`).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError, ResourceError
from nokturn.formats.midi import Midi
from nokturn.music.piece import Piece
from nokturn.music.score import Score
from nokturn.rendering.audio.effects import Signal
from nokturn.rendering.audio.master import LUFS, levelled
from nokturn.rendering.audio.mix import MAX_SECONDS, SAMPLE_RATE, check_length

TIMEOUT_S = 600


def render_with(
    score: Score, soundfont: str | Path, *, max_seconds: float = MAX_SECONDS
) -> NDArray[np.float32]:
    """Return a score as stereo sound of a SoundFont, float32 (samples, 2) at 44.1 kHz.

    Raises
    ------
    InputError
        There is no such SoundFont, or it is none.
    LimitError
        The music is longer than ``max_seconds``.
    ResourceError
        Neither program nor library is there, or it fails.
    """
    sound = played_by(score, soundfont, max_seconds=max_seconds)
    return np.ascontiguousarray(levelled(sound, SAMPLE_RATE, LUFS).T)


def played_by(score: Score, soundfont: str | Path, *, max_seconds: float = MAX_SECONDS) -> Signal:
    """Return a score in the sound of a SoundFont, (2, samples), before its loudness is set."""
    path = Path(soundfont).absolute()
    _check_soundfont(path)
    check_length(score, max_seconds)
    with tempfile.TemporaryDirectory() as folder:
        midi, sound = Path(folder) / "score.mid", Path(folder) / "score.wav"
        midi.write_bytes(Midi.dumps(Piece(score)))
        program = shutil.which("fluidsynth")
        if program is not None:
            _run([program, "-ni", "-q", "-r", str(SAMPLE_RATE), "-T", "wav", "-O", "s16",
                  "-F", str(sound), str(path), str(midi)], sound)  # fmt: skip
        else:
            _play_by_library(path, midi, sound)
        samples = _read(sound)
    return np.ascontiguousarray(samples.T)


def _check_soundfont(path: Path) -> None:
    """Raise `InputError` where a file is no SoundFont by its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise InputError(
            f"cannot read the SoundFont: {error.strerror}.", "Check its path.", source=str(path)
        ) from error
    if head[:4] != b"RIFF" or head[8:12] != b"sfbk":
        raise InputError("this is no SoundFont.", "Name an .sf2 or .sf3 file.", source=str(path))


def _run(words: list[str], made: Path) -> None:
    try:
        done = subprocess.run(words, capture_output=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ResourceError(f"fluidsynth did not finish: {error}.") from error
    if done.returncode or not made.exists():
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason"]
        raise ResourceError(f"fluidsynth failed: {said[0]}.", "Try another SoundFont.")


def _play_by_library(soundfont: Path, midi: Path, sound: Path) -> None:
    try:
        import fluidsynth
    except ImportError as error:  # the package, or the library that it calls
        raise ResourceError(
            "a SoundFont is played by FluidSynth, which is not installed.",
            "Install it (apt install fluidsynth, brew install fluid-synth), or name no SoundFont.",
        ) from error
    synth = fluidsynth.Synth(
        samplerate=SAMPLE_RATE, **{"audio.file.type": "wav", "audio.file.format": "s16"}
    )
    try:
        if synth.sfload(str(soundfont)) < 0:
            raise ResourceError("fluidsynth cannot read the SoundFont.", "Try another SoundFont.")
        synth.midi2audio(str(midi), str(sound))
    finally:
        synth.delete()


def _read(path: Path) -> NDArray[np.float32]:
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return (pcm.reshape(-1, 2) / np.float32(32768)).astype(np.float32)
