"""Endless lo-fi: section after section without a gap, to standard output or a loudspeaker.

    for block in endless(preset="rainy-night", seed=7): ...     int16, (samples, 2), 44.1 kHz

Every movement has chords of its own, in the key that was drawn or asked for; its sections follow
each other, and the last leads into the next movement's first. The same seed gives the same samples.
"""

from __future__ import annotations

import io
import itertools
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nokturn.errors import InputError, ResourceError, UsageError
from nokturn.music.score import Score
from nokturn.production.form import PARTS, Section
from nokturn.production.lofi import Lofi, drawn_material
from nokturn.rendering.audio.files import sixteen_bits
from nokturn.rendering.audio.mix import SAMPLE_RATE
from nokturn.rendering.audio.stream import Stream
from nokturn.workflows.lofi import (
    ambiences_of,
    channels_of,
    faders_of,
    instruments_of,
    master_of,
    score_of,
    settings_of,
)
from nokturn.workflows.wishes import MAX_SEED, first_seed
from nokturn.writing import write_whole

_ALL, _CALM = frozenset(PARTS), frozenset({"chords", "bass", "drums"})
MOVEMENT = (  # round and round
    Section("A", 8, 0.4, _CALM),
    Section("A", 8, 0.6, _ALL),
    Section("B", 8, 0.7, _ALL),
    Section("A", 8, 0.6, _ALL),
    Section("break", 4, 0.25, frozenset({"chords", "melody"})),
)
UNKNOWN = 0xFFFFFFFF  # a WAV file's length where nobody knows it
FADE_S = 8.0
STATES = 64  # of endless tracks that are kept, 2 MB each
PLAYERS = (  # what plays raw sound from a pipe, where it is installed
    ("pw-cat", "-p", "--raw", "--format=s16", "--rate=44100", "--channels=2", "-"),
    ("pacat", "--format=s16le", "--rate=44100", "--channels=2"),
    ("aplay", "-q", "-f", "S16_LE", "-r", "44100", "-c", "2"),
    ("ffplay", "-loglevel", "error", "-nodisp", "-f", "s16le", "-ar", "44100", "-i", "-"),
    ("play", "-q", "-t", "raw", "-e", "signed", "-b", "16", "-r", "44100", "-c", "2", "-"),
)


def endless(
    *,
    preset: str | Path = "dusty",
    set: Sequence[str] = (),
    seed: int | None = None,
    minutes: float | None = None,
    **settings: Any,
) -> Iterator[NDArray[np.int16]]:
    """Yield sound for as long as it is asked for.

    Parameters
    ----------
    preset, set, seed, settings
        As for `nokturn.workflows.lofi.lofi`.
    minutes
        When it fades out and ends; None = never.

    Returns
    -------
    Samples (n, 2) at 44.1 kHz, a section at a time.
    """
    first = first_seed(seed, 1)
    chosen, _ = settings_of(preset, set, settings)
    stream = stream_of(chosen, first)
    sound = map(stream.add, sections(chosen, first))
    end = None if minutes is None else int(minutes * 60 * SAMPLE_RATE)
    at = 0
    for block in sound:
        if end is not None:
            block = _faded(block[:, : end - at], at, end)
        if block.shape[1]:
            yield sixteen_bits(np.ascontiguousarray(block.T))
        at += block.shape[1]
        if end is not None and at >= end:
            return


def _faded(block: NDArray[np.float32], at: int, end: int) -> NDArray[np.float32]:
    """Return sound that begins at a sample, gone when the end comes."""
    left = end - at - np.arange(block.shape[1])
    slope = np.clip(left / (FADE_S * SAMPLE_RATE), 0, 1) ** 2
    faded: NDArray[np.float32] = block * slope.astype(np.float32)
    return faded


def stream_of(chosen: Lofi, seed: int) -> Stream:
    """Return the stream that a preset's sections are played on."""
    return Stream(
        channels=channels_of(chosen),
        instruments=instruments_of(chosen),
        kit=chosen.kit,
        ambiences=ambiences_of(chosen, seed),
        faders=faders_of(chosen),
        master=master_of(chosen),
        seed=seed,
    )


def sections(chosen: Lofi, seed: int) -> Iterator[Score]:
    """Yield section after section, for ever."""
    for number in itertools.count():
        yield from movement(chosen, seed, number)


def movement(chosen: Lofi, seed: int, number: int) -> list[Score]:
    """Return the sections of a movement, in the key of the first one; movements count from 0."""
    if number and not chosen.key:
        key = drawn_material(chosen, np.random.default_rng([seed % MAX_SEED, 0])).key
        chosen = chosen.model_copy(update={"key": str(key)})
    own = (seed + number * 7919) % MAX_SEED
    material = drawn_material(chosen, np.random.default_rng([own, 0]))
    whole = score_of(chosen, material, MOVEMENT, own, "")
    bar = int(whole.main_meter()[1].bar_ticks)
    ends = list(itertools.accumulate((section.bars * bar for section in MOVEMENT), initial=0))
    return [cut(whole, start, end) for start, end in itertools.pairwise(ends)]


def next_block(
    chosen: Lofi, seed: int, number: int, kept: Mapping[str, NDArray[Any]] | None
) -> tuple[NDArray[np.int16], dict[str, NDArray[Any]], str]:
    """Return one block of an endless track, and what the next one needs to know.

    Blocks in a row are what `endless` yields; settings may change from block to block.

    Parameters
    ----------
    number
        From 0.
    kept
        What the block before returned; None for the first.

    Returns
    -------
    Samples (n, 2), what is to be kept, and what the section is called: ``A in F minor``.
    """
    nth, place = divmod(number, len(MOVEMENT))
    score = movement(chosen, seed, nth)[place]
    stream = stream_of(chosen, seed)
    if kept is not None:
        stream.go_on(kept)
    sound = sixteen_bits(np.ascontiguousarray(stream.add(score).T))
    return sound, stream.kept(), f"{MOVEMENT[place].name} in {score.keys[0][1].name}"


def block_of(
    folder: Path, stream: str, number: int, chosen: Lofi, seed: int
) -> tuple[NDArray[np.int16], str]:
    """Return one block of an endless track whose state lies in a folder between its blocks.

    Parameters
    ----------
    stream
        Name of the track in the folder: letters and digits.
    number
        From 0; the last three blocks can be asked for again.

    Returns
    -------
    Samples (n, 2), and what the section is called.

    Raises
    ------
    InputError
        The state before this block is no longer there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = folder / f"{stream}-{number}.npz"
    if number and not before.exists():
        raise InputError("this endless track was put away.", "Begin it again.")
    kept = None
    if number:
        with np.load(before) as file:
            kept = {name: file[name] for name in file.files}
    sound, after, name = next_block(chosen, seed, number, kept)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **after)
    write_whole(folder / f"{stream}-{number + 1}.npz", buffer.getvalue(), lasting=False)
    (folder / f"{stream}-{number - 2}.npz").unlink(missing_ok=True)
    states = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
    for old in states[:-STATES]:
        old.unlink(missing_ok=True)
    return sound, name


def cut(score: Score, start: int, end: int) -> Score:
    """Return the notes that begin in a part of a score; they may sound beyond it."""
    tracks = []
    for track in score.tracks:
        onset = track.notes["onset"]
        notes = track.notes[(onset >= start) & (onset < end)].copy()
        notes["onset"] -= start
        tracks.append(replace(track, notes=notes, pedal=[]))
    return replace(score, tracks=tracks, tempos=score.tempos[:1], length=end - start)


def wave_header() -> bytes:
    """Return the beginning of a WAV file of 16 bits in stereo that nobody knows the end of."""
    form = struct.pack("<HHIIHH", 1, 2, SAMPLE_RATE, 4 * SAMPLE_RATE, 4, 16)
    return (
        b"RIFF" + struct.pack("<I", UNKNOWN) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
        + b"data" + struct.pack("<I", UNKNOWN)
    )  # fmt: skip


def poured(blocks: Iterator[NDArray[np.int16]]) -> Iterator[bytes]:
    """Yield sound as a WAV file without end, piece by piece."""
    yield wave_header()
    for block in blocks:
        yield block.astype("<i2").tobytes()


def play(blocks: Iterator[NDArray[np.int16]]) -> None:
    """Play sound by the first program there is for it.

    Raises `ResourceError` where there is none, or it stops.
    """
    command = next((player for player in PLAYERS if shutil.which(player[0])), None)
    if command is None:
        names = ", ".join(player[0] for player in PLAYERS)
        raise ResourceError(
            f"there is no program here that plays sound from a pipe ({names}).",
            "Install one, or send it on:  nokturn lofi --endless -o - | PLAYER",
        )
    try:  # around it all: closing the pipe may be what finds it broken
        with subprocess.Popen(command, stdin=subprocess.PIPE) as player:
            assert player.stdin
            for block in blocks:
                player.stdin.write(block.astype("<i2").tobytes())
    except BrokenPipeError as error:
        raise ResourceError(
            f"{command[0]} stopped playing.", "Is there a sound device? Else:  -o - | PLAYER"
        ) from error


def check_endless(source: str, model: str, stems: str, loop: int, out: Sequence[str]) -> None:
    """Raise `UsageError` where something is asked for that has no end."""
    asked = {"a FILE": source, "--model": model, "--stems": stems, "--loop": loop}
    for name, value in asked.items():
        if value:
            raise UsageError(f"--endless and {name} do not go together.", "Leave one away.")
    if [*out] not in ([], ["-"]):
        raise UsageError("--endless fills no file.", "Use -o - for a pipe, or leave -o away.")
