"""The first track of a MIDI file, stepped over fast: it tells the same as event by event."""

from __future__ import annotations

import pytest

from nokturn.formats import _midi_first_track as first_track
from nokturn.formats._midi_events import Mender
from nokturn.formats.midi import Midi

END = b"\x81\x00\xff\x2f\x00"

TRACKS = {
    "notes in running status": b"\x00\x90\x3c\x40\x60\x3c\x00\x00\x3e\x40\x60\x3e\x00" + END,
    "a title before the notes": b"\x00\xff\x03\x04Rose\x00\x90\x3c\x40\x60\x3c\x00" + END,
    "a tempo between two notes": b"\x00\x90\x3c\x40\x60\xff\x51\x03\x07\xa1\x20\x00\x80\x3c\x00"
    + END,
    "a program, then notes": b"\x00\xc0\x05\x83\x60\x90\x3c\x40\x83\x60\x80\x3c\x40" + END,
    "a text that spells events": b"\x00\xff\x01\x07key \x90\x3c\x40\x60\x90\x3c\x40" + END,
    "a system-exclusive message": b"\x00\xf0\x03\x7e\x09\xf7\x10\x90\x3c\x40\x60\x3c\x00" + END,
    "pitch bends and pressure": b"\x00\xe0\x00\x40\x10\x10\x41\x10\xd0\x22\x10\x90\x3c\x40" + END,
}


TEMPO = b"\xff\x51\x03\x07\xa1\x20"
ONLY_METAS = {
    "tempos at times of one to three digits": b"\x00%b\x60%b\x81\x00%b\x81\x80\x05%b"
    % ((TEMPO,) * 4),
    "tempos that end on FF": b"\x00\xff\x51\x03\x07\xff\xff\x01" + TEMPO,
    "texts between them": b"\x00\xff\x03\x04Rose\x05%b\x06\xff\x06\x01A\x07%b" % (TEMPO, TEMPO),
    "a key named by us": b"\x00\xff\x01\x0akey D dor.\x00\xff\x59\x02\x00\x00\x10" + TEMPO,
    "a title after the tempos": b"\x00%b\x60\xff\x03\x04Rose" % TEMPO,
    "meter, offset, channel and port": b"\x00\xff\x58\x04\x06\x03\x18\x08\x01\xff\x54\x05\0\0\0\0\0"
    b"\x02\xff\x20\x01\x03\x04\xff\x21\x01\x00",
}
NOT_ONLY_METAS = {
    "notes": b"\x00%b\x00\x90\x3c\x40\x60\x3c\x00" % TEMPO + END,
    "a program": b"\x00%b\x00\xc0\x05" % TEMPO + END,
    "a text that spells a tempo": b"\x00\xff\x01\x08ab%b" % TEMPO + END,
    "a long text": b"\x00\xff\x01\x81\x00%b" % (b"a" * 128) + END,
    "a time of five digits": b"\x80\x80\x80\x80\x05" + TEMPO + END,
    "it breaks off": b"\x00%b\x00\xff\x51\x03\x07" % TEMPO,
    "bytes after the end mark": b"\x00" + TEMPO + END + b"\x00",
    "nothing": b"",
}


def told(events) -> list[tuple[int, int, bytes]]:
    wanted = (0x01, 0x03, 0x2F)
    return [(event.tick, event.kind, event.data) for event in events if event.kind in wanted]


@pytest.mark.parametrize("before_notes", [True, False])
@pytest.mark.parametrize("track", TRACKS.values(), ids=TRACKS)
def test_stepping_over_events_tells_what_walking_tells(track, before_notes):
    stepped = told(first_track._stepped(track, before_notes))
    assert stepped == told(first_track._walked(Mender(b"", ""), track, before_notes))


@pytest.mark.parametrize("track", ONLY_METAS.values(), ids=ONLY_METAS)
def test_a_track_of_meta_events_tells_as_an_array_what_walking_tells(track):
    walked = list(first_track._walked(Mender(b"", ""), track + END, True))
    assert first_track._only_metas(track + END) == walked
    assert walked[-1].kind == 0x2F


@pytest.mark.parametrize("track", NOT_ONLY_METAS.values(), ids=NOT_ONLY_METAS)
def test_other_tracks_are_not_taken_for_an_array_of_meta_events(track):
    assert first_track._only_metas(track) is None


def test_texts_of_other_programs_are_not_told():
    track = b"\x00\xff\x01\x06Haydn!\x00\xff\x01\x05key D\x00\xff\x06\x05key E" + END
    for events in (
        first_track._only_metas(track),
        first_track._stepped(track, True),
        first_track._walked(Mender(b"", ""), track, True),
    ):
        assert [event.data for event in events] == [b"key D", b""]


def test_a_running_program_change_is_left_to_the_walk():
    track = b"\x00\xff\x03\x04Rose\x00\xc0\x05\x00\x06\x00\x90\x3c\x40\x60\x3c\x00" + END
    with pytest.raises(first_track._UnknownError):
        list(first_track._stepped(track, False))
    data = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(track).to_bytes(4, "big") + track
    (piece,) = Midi.loads(data)
    assert (piece.title, piece.score.length) == ("Rose", 0x60 + 0x80)


def test_the_end_mark_is_found_after_fifteen_thousand_notes():
    notes = b"\x00\x90\x3c\x40\x60\x3c\x00" + b"\x00\x3c\x40\x60\x3c\x00" * 15_000
    track = notes + END
    data = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(track).to_bytes(4, "big") + track
    (piece,) = Midi.loads(data)
    assert piece.score.note_count == 15_001
    assert piece.score.length == 0x60 * 15_001 + 0x80
