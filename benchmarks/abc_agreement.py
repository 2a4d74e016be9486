"""How far our reading and unfolding of ABC agrees with abc2midi's, note by note.

    python benchmarks/abc_agreement.py [--list] [--music21]

A fixed sample of 500 tunes: of each of five collections the 100 whose text has the lowest SHA-256.
Grace notes, ornaments and ``R:`` are taken out before both read the tune, because abc2midi plays
them in its own way (a hornpipe swings); chord symbols are not played (`%%MIDI gchordoff`). Onset,
duration and pitch of all notes must be the same; a tick of 1/480 quarter either way is rounding.
Where they are not, ``--music21`` asks music21, a third reader, too. Needs abc2midi (Debian's
package ``abcmidi``), mido, music21 and the collections.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import re
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import mido
import music21

from nokturn.errors import InputError
from nokturn.formats._abc_files import split_tunes
from nokturn.formats._abc_reader import read_tune
from nokturn.music.perform import perform

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"
CORPUS = Path(music21.__file__).parent / "corpus"
COLLECTIONS = {
    "Nottingham": DATA / "nottingham_abc",
    "Irish": DATA / "irish_abc",
    "O'Neill": CORPUS / "oneills1850",
    "Ryan and Aird": CORPUS / "ryansMammoth",
    "Essen": CORPUS / "essenFolksong",
}
EACH = 100
Note = tuple[int, int, int]  # onset and duration in ticks of 1/480 quarter, MIDI pitch


def tunes_of(folder: Path) -> Iterator[str]:
    """Yield each tune's text."""
    folders = [folder, CORPUS / "airdsAirs"] if folder.name == "ryansMammoth" else [folder]
    for path in sorted(p for f in folders for p in f.rglob("*.abc")):
        for _, text in split_tunes(path.read_bytes().decode("utf-8", "replace")):
            yield text


def sample(folder: Path, number: int) -> list[str]:
    """Return the tunes whose texts have the lowest SHA-256; sample 1 are those after them."""
    order = sorted(tunes_of(folder), key=lambda text: hashlib.sha256(text.encode()).digest())
    return order[EACH * number : EACH * (number + 1)]


def plain(text: str) -> str:
    """Return the tune without grace notes, ornaments and signs that change how notes are played."""
    lines, body = [], False
    for line in text.splitlines():
        if body and not re.match(r"[A-Za-z+]:|%", line):
            parts = re.split(r'("[^"]*"|\[[A-Za-z]:[^\]]*\])', line)
            parts[::2] = [
                re.sub(r"\{[^}]*\}|![a-z<>()0-9+]{1,15}!|\+[a-z]+\+|[~.HLMOPSTuv](?=[^|])", "", p)
                for p in parts[::2]
            ]
            line = "".join(p for p in parts if not p.startswith('"'))
        if not re.match(r"[wWR]:|%%MIDI", line):
            lines.append(line)
        if line.startswith("K:") and not body:
            body = True
            lines.append("%%MIDI gchordoff")
    return "\n".join(lines) + "\n"


def ours(text: str) -> list[Note]:
    """Return the notes that our reading plays."""
    score = perform(read_tune(text).sheet, as_written=True)
    rows = [
        (int(n["onset"]), int(n["duration"]), int(n["pitch"]))
        for track in score.tracks
        for n in track.notes
    ]
    return sorted(rows, key=lambda n: (round(n[0] / 8), n[2], n[1]))


def theirs(text: str) -> list[Note]:
    """Return the notes that abc2midi plays."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tune.abc")
        path.write_text(text)
        subprocess.run(
            ["/usr/bin/abc2midi", "tune.abc", "-o", "tune.mid", "-NGRA", "-NFER"],
            cwd=folder, timeout=5, capture_output=True, check=False,
        )  # fmt: skip
        found = sorted(Path(folder).glob("*.mid"))
        return midi_notes(mido.MidiFile(found[0])) if found else []


def midi_notes(midi: mido.MidiFile) -> list[Note]:
    """Return the notes of all tracks in ticks of 1/480 quarter."""
    rows = []
    for track in midi.tracks:
        now, open_notes = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                open_notes.setdefault(message.note, []).append(now)
            elif message.type in ("note_on", "note_off") and open_notes.get(message.note):
                start = open_notes[message.note].pop(0)
                scale = 480 / midi.ticks_per_beat
                rows.append((round(start * scale), round((now - start) * scale), message.note))
    return sorted(rows, key=lambda n: (round(n[0] / 8), n[2], n[1]))


def by_music21(text: str) -> list[Note]:
    """Return the notes that music21 plays; none where it cannot read the tune."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stream = music21.converter.parse(text, format="abc")
            with contextlib.suppress(music21.exceptions21.Music21Exception):
                stream = stream.expandRepeats()
            flat = stream.stripTies().flatten()
        except Exception as error:  # anything comes out of it
            print("   music21:", type(error).__name__)
            return []
        rows = [
            (round(n.offset * 480), round(n.quarterLength * 480), pitch.midi)
            for n in flat.notes
            if n.quarterLength and not isinstance(n, music21.harmony.ChordSymbol)
            for pitch in n.pitches
        ]
    return sorted(rows, key=lambda n: (round(n[0] / 8), n[2], n[1]))


def same(left: list[Note], right: list[Note]) -> bool:
    """Whether the notes are the same, but for a tick of rounding."""
    return len(left) == len(right) and all(
        abs(a[0] - b[0]) <= 2 and abs(a[1] - b[1]) <= 2 and a[2] == b[2]
        for a, b in zip(left, right, strict=True)
    )


def first_difference(left: list[Note], right: list[Note]) -> str:
    """Return where two lists part, in words."""
    for k, (a, b) in enumerate(zip(left, right, strict=False)):
        if not same([a], [b]):
            return f"note {k + 1} of {len(left)}/{len(right)}: ours {a}, theirs {b}"
    return f"ours has {len(left)} notes, theirs {len(right)}"


def main() -> None:
    """Print the agreement of each collection and, asked for, each tune that differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="show each tune that differs")
    parser.add_argument("--music21", action="store_true", help="ask music21 where they differ")
    parser.add_argument("--sample", type=int, default=0, help="the first hundred, the next ...")
    args = parser.parse_args()
    agreed, total = 0, 0
    for name, folder in COLLECTIONS.items():
        good, saved = 0, 0
        texts = [plain(text) for text in sample(folder, args.sample)]
        for text in texts:
            try:
                notes, other = ours(text), theirs(text)
            except (InputError, subprocess.TimeoutExpired) as error:
                print("  ", error)
                continue
            if same(notes, other):
                good += 1
            elif args.music21 and same(notes, by_music21(text)):
                saved += 1
            elif args.list:
                title = (re.search(r"^T:(.*)", text, re.M) or [0, "?"])[1]
                print(f"   {name}: {title}: {first_difference(notes, other)}")
        print(f"{name:14} abc2midi {good:4} music21 besides {saved:3} of {len(texts)}")
        agreed, total = agreed + good + saved, total + len(texts)
    print(f"all: {agreed} of {total}, {agreed / total:.1%}")


if __name__ == "__main__":
    main()
