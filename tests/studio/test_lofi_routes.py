"""Lo-fi through the studio's addresses, with its real workers."""

import io
import itertools
import json
import time
import tomllib
import wave

import numpy as np
import pytest
from starlette.testclient import TestClient
from threadpoolctl import threadpool_limits

from nokturn.rhythms.euclid import pattern
from nokturn.studio.app import create_app
from nokturn.studio.settings import Settings
from nokturn.workflows.load import load
from nokturn.workflows.lofi import lofi
from nokturn.workflows.lofi_stream import endless

SHORT = {"minutes": 0.2, "bpm": 120}
WAIT_S = 120
ABC = "X:1\nT:Air\nM:4/4\nL:1/8\nK:G\nG2B2d2B2|c2A2F2D2|G2B2d2g2|f2d2G4|\n"


def done(studio, wanted):
    """Return a job that has ended."""
    answer = studio.post("/api/jobs/lofi", json=wanted)
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + WAIT_S
    while (job := studio.get(f"/api/jobs/{answer.json()['id']}").json())["state"] != "done":
        assert job["state"] in ("waiting", "running"), job["error"]
        assert time.monotonic() < until
        time.sleep(0.05)
    return job


@pytest.fixture(scope="module")
def piece(studio):
    """The id of a short track that has its sound."""
    return done(studio, {"seed": 7, "settings": SHORT})["pieces"][0]


def samples(data):
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_a_track_is_a_piece_of_the_library_with_stems_of_one_length(studio, piece):
    track = studio.get(f"/api/lofi/tracks/{piece}").json()
    assert track["ready"]
    assert {stem["name"] for stem in track["stems"]} >= {"Chords", "Bass", "Drums", "Rain"}
    lengths = {len(samples(studio.get(stem["url"]).content)) for stem in track["stems"]}
    assert lengths == {track["samples"]}
    assert studio.get(f"/api/pieces/{piece}").json()["kind"] == "lofi"
    assert len(track["stems"][0]["levels"]) == track["samples"] // 2205


def test_a_read_only_studio_makes_the_sound_of_its_tracks_and_no_others(studio, piece):
    app = create_app(Settings(library=studio.app.state.settings.library, read_only=True))
    with TestClient(app, base_url="http://127.0.0.1:8765") as closed:
        assert not closed.get(f"/api/lofi/tracks/{piece}").json()["ready"]
        done(closed, {"piece": piece})
        assert closed.get(f"/api/lofi/tracks/{piece}").json()["ready"]
        refused = closed.post("/api/jobs/lofi", json={"seed": 8, "settings": SHORT})
        assert refused.json()["error"]["what"] == "This library is read-only."


def test_a_track_that_is_stopped_is_left_at_once_with_its_notes(studio):
    wanted = {"seed": 5, "settings": {"minutes": 6}}
    address = f"/api/jobs/{studio.post('/api/jobs/lofi', json=wanted).json()['id']}"
    until = time.monotonic() + WAIT_S
    while not (job := studio.get(address).json())["pieces"]:
        assert time.monotonic() < until, job
        time.sleep(0.05)
    assert studio.post(f"{address}/stop").json()["state"] == "cancelled"
    assert studio.get(f"/api/pieces/{job['pieces'][0]}").json()["kind"] == "lofi"


def test_what_is_heard_is_what_is_exported(studio, piece):
    track = studio.get(f"/api/lofi/tracks/{piece}").json()
    heard = studio.get(track["mix"]["url"])
    taken = studio.get(f"/api/lofi/tracks/{piece}/exports/wav")
    assert heard.content == taken.content
    assert "attachment" in taken.headers["content-disposition"]
    wanted = {"strips": {"rain": {"gain_db": -12}, "drums": {"mute": True}}, "width": 0.6}
    mix = studio.post(f"/api/lofi/tracks/{piece}/mixes", json=wanted).json()
    again = studio.get(mix["url"]).content
    assert again == studio.get(f"/api/lofi/tracks/{piece}/exports/wav?mix={mix['key']}").content
    assert not np.array_equal(samples(again), samples(heard.content))


def test_the_mix_is_that_of_the_command_line(studio, piece):
    track = studio.get(f"/api/lofi/tracks/{piece}").json()
    whole = lofi(seed=7, **SHORT).mix()
    heard = samples(studio.get(track["mix"]["url"]).content) / 32767
    assert np.abs(heard - whole.T).max() < 2 / 32767


def test_a_loop_is_exact_to_the_sample(studio, piece):
    for bars in (2, 4):
        loop = studio.get(f"/api/lofi/tracks/{piece}/exports/loop?bars={bars}")
        assert len(samples(loop.content)) == bars * 4 * 44_100 // 2  # at 120 quarters a minute
        assert f"loop{bars}.wav" in loop.headers["content-disposition"]


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "stems", "mid", "toml"])
def test_exports_have_names_and_then_sizes(kind, studio, piece):
    taken = studio.get(f"/api/lofi/tracks/{piece}/exports/{kind}")
    rows = {row["kind"]: row for row in studio.get(f"/api/lofi/tracks/{piece}/exports").json()}
    assert rows[kind]["bytes"] == len(taken.content) > 0
    assert rows[kind]["name"] in taken.headers["content-disposition"]
    assert rows[kind]["seconds_to_make"] == 0


def test_sound_that_went_from_the_cache_is_made_again(studio, piece):
    before = studio.get(f"/api/lofi/tracks/{piece}/exports/wav").content
    for path in (studio.app.state.settings.cache / "lofi").rglob("*"):
        if path.is_file():
            path.unlink()
    gone = studio.get(f"/api/lofi/tracks/{piece}").json()
    assert not gone["ready"]
    assert gone["seed"] == 7
    refused = studio.post(f"/api/lofi/tracks/{piece}/mixes", json={})
    assert refused.status_code == 422
    assert refused.json()["error"]["fix"] == "Make its sound again."
    assert done(studio, {"piece": piece})["pieces"] == []
    assert studio.get(f"/api/lofi/tracks/{piece}/exports/wav").content == before


def test_the_beginning_is_heard_before_the_whole_is_made(studio):
    job = done(studio, {"seed": 3, "settings": {"minutes": 1}})
    lines = studio.get(f"/api/jobs/{job['id']}/events").text.splitlines()
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event")]
    assert kinds.index("piece") < kinds.index("opening") < kinds.index("result")
    first = studio.get(f"/api/lofi/tracks/{job['pieces'][0]}/opening")
    assert 16 < len(samples(first.content)) / 44_100 < 40


def test_a_tune_of_the_library_keeps_its_line(studio):
    tune = studio.post("/api/pieces", json={"abc": ABC}).json()["items"][0]
    wanted = SHORT | {"swing": 50, "groove": "", "human": 0}
    made = done(studio, {"seed": 7, "source": tune, "settings": wanted})["pieces"][0]
    assert studio.get(f"/api/pieces/{made}").json()["parent"] == tune
    score = load(studio.app.state.library.path(made))[0].score
    melody = next(track for track in score.tracks if track.name == "Melody")
    assert np.diff(melody.notes["onset"][:8]).tolist() == [480] * 7
    recipe = studio.app.state.library.get(made).recipe
    assert "/" not in recipe["source"]
    taken = studio.get(f"/api/lofi/tracks/{made}/exports/mid")  # made again from the tune
    assert taken.status_code == 200


def test_endless_sections_are_those_of_the_command_line(studio):
    wanted = {"stream": "0123456789ab", "seed": 7, "settings": {"bpm": 180}}
    blocks = []
    for number in range(6):
        answer = studio.post("/api/lofi/section", json=wanted | {"number": number})
        assert answer.status_code == 200
        blocks.append(samples(answer.content))
    with threadpool_limits(limits=1):  # as workers are: more threads add up in another order
        whole = np.concatenate(list(itertools.islice(endless(seed=7, bpm=180), 6)))
    assert np.array_equal(np.concatenate(blocks), whole)
    assert answer.headers["x-section"].startswith("A in ")
    lost = studio.post("/api/lofi/section", json=wanted | {"stream": "f" * 12, "number": 3})
    assert lost.status_code == 404
    assert lost.json()["error"]["code"] == "missing"


def test_wheels_are_euclidean_rhythms(studio):
    for pulses, steps, rotate in ((3, 8, 0), (5, 16, 3), (16, 16, 1), (0, 4, 0), (7, 12, -2)):
        wanted = {"pulses": pulses, "steps": steps, "rotate": rotate}
        found = studio.post("/api/lofi/euclid", json=wanted).json()["pattern"]
        assert found == pattern(pulses, steps, rotate)


def test_settings_are_told_with_what_they_may_be(studio):
    told = studio.get("/api/lofi/schema").json()
    assert told["settings"]["swing"] == {
        "kind": "number", "choices": [], "low": 50, "high": 75, "usual": 58,
    }  # fmt: skip
    assert {drum["name"] for drum in told["drums"]} >= {"kick", "shaker"}
    stroke = studio.get("/api/lofi/drums/lofi/70")
    assert 1000 < len(samples(stroke.content)) < 44_100 * 2


def test_presets_of_ones_own_are_kept_shared_and_deleted(studio):
    wanted = {"bpm": 66, "strips": {"rain": {"gain_db": -3}}, "layers": [[70, 5, 16, 2]]}
    kept = studio.post("/api/lofi/presets", json={"title": "Żabi staw", "settings": wanted}).json()
    assert (kept["name"], kept["title"]) == ("zabi-staw", "Żabi staw")
    shared = studio.get("/api/lofi/presets/zabi-staw/file").text
    assert tomllib.loads(shared)["layers"] == [[70, 5, 16, 2]]
    back = studio.post("/api/lofi/presets", json={"title": "Again", "text": shared}).json()
    assert back["settings"] == kept["settings"]
    job = done(studio, {"preset": "again", "seed": 1, "settings": SHORT})
    assert studio.get(f"/api/pieces/{job['pieces'][0]}").json()["tempo_qpm"] == 120
    for name in ("zabi-staw", "again"):
        assert studio.delete(f"/api/lofi/presets/{name}").status_code == 200
    assert studio.delete("/api/lofi/presets/bossa").status_code == 404
    names = [preset["name"] for preset in studio.get("/api/lofi/presets").json()]
    assert "bossa" in names
    assert "again" not in names


def test_a_preset_of_the_name_of_ours_stands_beside_it(studio):
    kept = studio.post("/api/lofi/presets", json={"title": "Bossa", "settings": {"bpm": 70}})
    assert kept.json()["name"] == "bossa-mine"
    studio.delete("/api/lofi/presets/bossa-mine")


@pytest.mark.parametrize(
    ("wanted", "status", "message"),
    [
        ({"settings": {"bpm": 1}}, 400, "lofi.bpm = 1"),
        ({"settings": {"tempo": 90}}, 400, "no setting lofi.tempo"),
        ({"settings": {"rhythm": "/etc/passwd"}}, 400, "for the command line"),
        ({"preset": "rany-night"}, 400, "no preset"),
        ({"preset": "../x"}, 400, "preset"),
        ({"source": "0123456789ab"}, 404, "no such piece"),
        ({"piece": "0123456789ab"}, 404, "no such piece"),
        ({"model": "/etc/passwd"}, 400, "model"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_wishes_that_cannot_be_are_refused_before_they_wait(wanted, status, message, studio):
    answer = studio.post("/api/jobs/lofi", json=wanted)
    assert answer.status_code == status
    assert message in answer.json()["error"]["what"]


def test_texts_that_are_no_presets_are_refused(studio):
    for text in ("bpm = = 1", "bpm = 1", 'rhythm = "/etc/passwd"', "nothing = 3"):
        answer = studio.post("/api/lofi/presets", json={"title": "x", "text": text})
        assert answer.status_code in (400, 422), text


def test_other_pieces_are_no_tracks(studio):
    tune = studio.post("/api/pieces", json={"abc": ABC}).json()["items"][0]
    for path in ("", "/opening", "/stems/Bass", "/mixes/0123456789ab", "/exports", "/exports/wav"):
        answer = studio.get(f"/api/lofi/tracks/{tune}{path}")
        assert answer.status_code == 400
        assert "no lo-fi track" in answer.json()["error"]["what"]


def test_a_recipe_that_names_files_of_this_computer_is_not_followed(studio):
    recipe = lofi(seed=1, minutes=0.1).piece.recipe
    for wrong in ({"settings": recipe["settings"] | {"rhythm": "/etc/passwd"}}, {"from": "/x.y"}):
        made = {
            "title": "T", "data": b"MThd", "ending": ".mid", "kind": "lofi",
            "recipe": recipe | wrong,
        }  # fmt: skip
        item = studio.app.state.library.add(made)
        job = studio.post("/api/jobs/lofi", json={"piece": item.id}).json()["id"]
        until = time.monotonic() + WAIT_S
        while (told := studio.get(f"/api/jobs/{job}").json())["state"] in ("waiting", "running"):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert told["state"] == "failed"
        assert "for the command line" in told["error"]["what"]
