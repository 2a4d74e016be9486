"""Training through the studio's addresses: from dropped files to an epoch that is heard."""

import asyncio
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from wire import scope_of

from nokturn.errors import InputError
from nokturn.studio import corpora
from nokturn.studio.app import create_app
from nokturn.studio.settings import Settings

SCALE = "DEFGABcdefg"


def tune(number, bars=8):
    """A tune of random steps, different for each number."""
    random = np.random.default_rng(number)
    notes = "".join(
        "".join(SCALE[k] for k in random.integers(0, len(SCALE), 6)) + "|" for _ in range(bars)
    )
    return f"X:{number + 1}\nT:Tune {number}\nM:6/8\nL:1/8\nK:D\n{notes}\n"


def form(files):
    return [("file", (name, io.BytesIO(text.encode()))) for name, text in files.items()]


def brought(studio, files, **fields):
    """Bring files and wait until all were looked through; return what is told of them."""
    told = studio.post("/api/corpora", files=form(files), data=fields)
    assert told.status_code == 201, told.text
    number = told.json()["id"]
    while (found := studio.get(f"/api/corpora/{number}").json())["summary"]["left"]:
        time.sleep(0.05)
    return found


def ended(studio, job, seconds=120):
    """Wait for the end of a job; return what is known of it."""
    until = time.monotonic() + seconds
    while (told := studio.get(f"/api/jobs/{job}").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < until
        time.sleep(0.1)
    return told


def heard(studio, job):
    """Return the events of a job that has ended, (kind, data)."""
    lines = studio.get(f"/api/jobs/{job}/events").text.splitlines()
    kinds = [line[7:] for line in lines if line.startswith("event: ")]
    data = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    return list(zip(kinds, data, strict=True))


BOOK = "\n".join(tune(k) for k in range(12))


def test_every_tune_has_a_row_and_copies_are_left_out(studio):
    found = brought(studio, {"jigs/book.abc": tune(1) + "\n" + tune(2), "copy.abc": tune(1)})
    first, second, copy = found["rows"]
    assert (first["file"], first["number"], first["title"]) == ("jigs/book.abc", 1, "Tune 1")
    assert (first["notes"], first["bars"], first["key"], first["meter"]) == (48, 8, "D", "6/8")
    assert first["use"]
    assert second["use"]
    assert not copy["use"]
    assert copy["problem"] == "The same melody as book.abc:1 Tune 1: left out."
    assert found["summary"] | {"few": 0} == {
        "files": 2, "left": 0, "pieces": 3, "use": 2, "copies": 1, "problems": 1, "refused": 0,
        "few": 0,
    }  # fmt: skip


def test_a_large_book_is_looked_through_in_parts_and_numbered_as_a_whole(studio, monkeypatch):
    monkeypatch.setattr("nokturn.studio.corpora.PART_BYTES", 300)
    book = BOOK.replace("X:5", "X:5\n\nX:50\nT:no key\n\nX:51")
    rows = brought(studio, {"book.abc": book, "none.abc": "no tune\n" * 90})["rows"]
    assert [row["number"] for row in rows] == [*range(1, 13), 0, 0, 0]
    assert [row["title"] for row in rows[:12]] == [f"Tune {k}" for k in range(12)]
    assert all("no key" in row["problem"] for row in rows[12:14])
    assert rows[14]["problem"] == "There is no piece in it."


def test_a_book_of_which_a_part_cannot_be_read_is_refused_whole(studio, monkeypatch):
    desk = studio.app.state.desk
    asked = desk.ask

    async def ask(verb, **arguments):
        if any(part == 2 for _, part, _ in arguments["shares"]):
            raise InputError("This took too long.")
        return await asked(verb, **arguments)

    monkeypatch.setattr(desk, "ask", ask)
    monkeypatch.setattr("nokturn.studio.corpora.PART_BYTES", 300)
    (row,) = brought(studio, {"book.abc": BOOK})["rows"]
    assert (row["number"], row["use"], row["problem"]) == (0, False, "This took too long.")


def test_of_a_piece_that_is_not_wanted_the_copy_is_used(studio):
    found = brought(studio, {"a.abc": tune(1), "b.abc": tune(1)})
    address = f"/api/corpora/{found['id']}"
    told = studio.patch(address, json={"use": {found["rows"][0]["id"]: False}})
    assert told.json()["summary"]["use"] == 1
    assert [row["use"] for row in studio.get(address).json()["rows"]] == [False, True]


def test_damaged_files_are_rows_and_more_can_be_added(studio):
    found = brought(studio, {"broken.mid": "MThd nonsense", "a.abc": tune(1)})
    assert [row["use"] for row in found["rows"]] == [False, True]
    assert found["rows"][0]["problem"]
    more = brought(studio, {"b.abc": tune(2)}, corpus=found["id"])
    assert more["id"] == found["id"]
    assert [row["file"] for row in more["rows"]] == ["broken.mid", "a.abc", "b.abc"]
    shown = studio.get(f"/api/corpora/{found['id']}", params={"show": "problems"}).json()
    assert [row["file"] for row in shown["rows"]] == ["broken.mid"]


def test_files_can_be_taken_away_again(studio):
    found = brought(studio, {"a.abc": tune(1)})
    assert studio.delete(f"/api/corpora/{found['id']}").json() == {"removed": found["id"]}
    assert studio.get(f"/api/corpora/{found['id']}").status_code == 404


@pytest.mark.parametrize("number", ["..%2f..", "0" * 12, "x", "%00"])
def test_corpora_that_are_none(studio, number):
    assert studio.get(f"/api/corpora/{number}").status_code in (400, 404)


def test_nothing_usable_is_an_error_before_anything_waits(studio):
    found = brought(studio, {"a.mid": "nothing"})
    wanted = {"name": "none", "corpus": found["id"]}
    answer = studio.post("/api/jobs/train", json=wanted)
    assert answer.status_code == 422
    assert answer.json()["error"]["what"] == "There is no piece to learn from."


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"name": "../x", "corpus": "0" * 12}, 400),
        ({"name": "a..b", "corpus": "0" * 12}, 400),
        ({"name": "x", "corpus": "0" * 12, "seconds": 0}, 400),
        ({"name": "x", "corpus": "0" * 12}, 404),
        ({"name": "no-such", "resume": True}, 422),
    ],
)
def test_trainings_that_cannot_be(studio, wanted, status):
    assert studio.post("/api/jobs/train", json=wanted).status_code == status


def test_names_that_models_have_are_taken(studio):
    found = brought(studio, {"a.abc": BOOK})
    answer = studio.post("/api/jobs/train", json={"name": "folk", "corpus": found["id"]})
    assert answer.status_code == 400
    assert answer.json()["error"]["what"] == "There is a model named folk already."


def test_how_long_an_epoch_takes_is_measured(studio):
    found = brought(studio, {"book.abc": BOOK})
    told = studio.post(f"/api/corpora/{found['id']}/estimate", json={}).json()
    assert told["pieces"] + told["held_out"] == 12
    assert told["epoch_s"] > 0


def test_measuring_ends_when_whoever_asked_has_gone(tmp_path):
    app = create_app(Settings(library=tmp_path))
    ended, answers = [], []

    async def leave():
        begun = asyncio.Event()

        class Desk:
            async def ask(self, verb, **_):
                begun.set()
                try:
                    await asyncio.sleep(60)
                finally:
                    ended.append(verb)

        async def receive():
            if parts:
                return parts.pop()
            await begun.wait()
            return {"type": "http.disconnect"}

        parts = [{"type": "http.request", "body": b"{}", "more_body": False}]
        app.state.desk = Desk()
        app.state.corpora = SimpleNamespace(
            measuring=asyncio.Lock(), get=str, chosen=lambda corpus, most: ([], [], 1.0)
        )
        scope = scope_of("POST", "/api/corpora/7/estimate", {"Content-Type": "application/json"})
        await app(scope, receive, answers.append)
        return list(ended)

    assert asyncio.run(leave()) == ["corpus"]
    assert not answers


def test_of_two_who_begin_a_training_at_once_one_is_refused(studio):
    found = brought(studio, {"book.abc": BOOK})
    wanted = {"name": "twice", "corpus": found["id"], "seconds": 5}
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(studio.post, "/api/jobs/train", json=wanted) for _ in range(2)]
        answers = sorted((one.result() for one in asking), key=lambda one: one.status_code)
    assert [one.status_code for one in answers] == [202, 400]
    assert answers[1].json()["error"]["what"] == "twice is being trained."
    studio.post(f"/api/jobs/{answers[0].json()['id']}/cancel")


def test_what_a_waiting_training_has_still_to_read_stays(studio, monkeypatch):
    monkeypatch.setattr(corpora, "KEPT", 1)
    address = f"/api/corpora/{(found := brought(studio, {'book.abc': BOOK}))['id']}"
    jobs = studio.app.state.jobs
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "_next", lambda: None)  # as if others were running
        wanted = {"name": "patient", "corpus": found["id"], "seconds": 5}
        job = studio.post("/api/jobs/train", json=wanted).json()["id"]
        refused = studio.delete(address)
        assert refused.status_code == 400
        assert refused.json()["error"]["what"] == "patient has still to read these files."
        brought(studio, {"a.abc": tune(1)})  # the oldest are forgotten, but for these
    studio.portal.call(jobs._next)
    assert ended(studio, job)["state"] == "done"
    assert studio.delete(address).status_code == 200


@pytest.mark.parametrize("base", ["grown", "grown@1"])
def test_the_model_that_a_waiting_training_begins_from_stays(studio, base, monkeypatch):
    found = brought(studio, {"book.abc": BOOK})
    jobs = studio.app.state.jobs
    monkeypatch.setattr(jobs, "_next", lambda: None)  # as if others were running
    wanted = {"name": "heir", "corpus": found["id"], "seconds": 5, "base": base}
    job = studio.post("/api/jobs/train", json=wanted).json()["id"]
    for address in ("/api/models/grown", "/api/trainings/grown", "/api/trainings/grown?model=true"):
        answer = studio.delete(address)
        awaited = {"grown": ("models", "model"), "grown@1": ("trainings",)}[base]
        if any(part in address for part in awaited):
            assert answer.json()["error"]["what"] == "heir has still to read this model."
        else:
            assert answer.json()["error"]["what"] != "heir has still to read this model."
    studio.post(f"/api/jobs/{job}/cancel")
    assert studio.delete("/api/models/grown").json()["error"]["what"].startswith("There is no")


@pytest.fixture(scope="module")
def trained(studio):
    """A training that was made, and its job."""
    found = brought(studio, {"book.abc": BOOK, "odd.abc": tune(20)})
    left_out = {found["rows"][-1]["id"]: False}
    studio.patch(f"/api/corpora/{found['id']}", json={"use": left_out})
    wanted = {"name": "mine", "corpus": found["id"], "seconds": 15, "card": {"title": "Ours"}}
    job = studio.post("/api/jobs/train", json=wanted).json()
    return ended(studio, job["id"])


def test_a_training_tells_what_happens_and_makes_a_model(studio, trained):
    assert trained["state"] == "done", trained["error"]
    assert trained["result"]["model"] == "mine"
    events = heard(studio, trained["id"])
    kinds = [kind for kind, _ in events]
    assert kinds.index("forecast") < kinds.index("epoch") < kinds.index("result")
    forecast = dict(events)["forecast"]
    assert forecast["pieces"] + forecast["held_out"] == 12  # the thirteenth was left out
    epoch = next(data for kind, data in events if kind == "epoch")
    assert epoch["epoch"] == 0
    assert epoch["valid"] > 0
    card = studio.get("/api/models/mine").json()["card"]
    assert card["title"] == "Ours"
    assert card["corpus"] == "2 files of one's own"


def test_a_training_is_listed_from_the_disk_with_its_reports(studio, trained):
    (listed,) = [one for one in studio.get("/api/trainings").json() if one["name"] == "mine"]
    assert (listed["state"], listed["pieces"] + listed["held_out"]) == ("done", 12)
    assert listed["bytes"] > 10_000
    told = studio.get("/api/trainings/mine").json()
    assert told["epochs"][0]["epoch"] == 0
    assert told["epochs"][-1]["valid"] < told["epochs"][0]["valid"]
    assert "valid_bars" in told["epochs"][-1]
    few = told["advice"][0]
    assert "Fewer than 20 tunes" in few["text"]
    assert few["said"]["text"] == [{"code": "advice.few", "params": {"n": 20}}]


def test_what_an_epoch_wrote_is_one_piece_of_the_library(studio, trained):
    epochs = studio.get("/api/trainings/mine").json()["epochs"]
    epoch = [row["epoch"] for row in epochs if row["sample"]][-1]
    address = f"/api/trainings/mine/epochs/{epoch}/sample"
    made = studio.post(address)
    assert made.status_code == 201, made.text
    assert studio.post(address).json() == made.json()
    assert studio.get(f"/api/pieces/{made.json()['id']}").json()["model"] == f"mine@{epoch}"


def test_the_card_can_be_written_later(studio, trained):
    told = studio.patch("/api/trainings/mine", json={"licence": "CC0", "title": "Jigs"})
    assert told.json()["card"]["licence"] == "CC0"
    assert studio.get("/api/models/mine").json()["card"]["title"] == "Jigs"


def test_a_training_is_thinned_out_and_an_epoch_published(studio, trained):
    before = studio.get("/api/trainings/mine").json()
    thinned = studio.post("/api/trainings/mine/thin").json()
    assert len(thinned["kept"]) <= 13
    assert {before["kept"][0], before["kept"][-1], before["best_epoch"]} <= set(thinned["kept"])
    first = studio.post("/api/trainings/mine/publish", json={"epoch": 0}).json()
    assert first["published"]
    held_out = studio.get("/api/models/mine").json()["held_out"]
    assert held_out["epoch"] == 0
    assert studio.post("/api/trainings/mine/publish", json={"epoch": 9999}).status_code == 422


def test_a_training_rests_goes_on_and_ends_well(studio):
    found = brought(studio, {"book.abc": BOOK})
    wanted = {"name": "long", "corpus": found["id"], "seconds": 600}
    job = studio.post("/api/jobs/train", json=wanted).json()
    answer = studio.post("/api/jobs/train", json=wanted).json()
    assert answer["error"]["what"] == "long is being trained."
    until_epoch(studio, job["id"])
    assert studio.delete("/api/trainings/long").status_code == 400
    studio.post("/api/trainings/long/pause")
    assert ended(studio, job["id"])["result"]["paused"]
    rests = studio.get("/api/trainings/long").json()
    assert (rests["state"], rests["can_resume"], rests["published"]) == ("interrupted", True, False)
    job = studio.post("/api/jobs/train", json={"name": "long", "resume": True}).json()
    until_epoch(studio, job["id"])
    studio.post(f"/api/jobs/{job['id']}/stop")
    assert ended(studio, job["id"])["result"]["model"] == "long"
    assert studio.get("/api/trainings/long").json()["state"] == "done"
    assert studio.delete("/api/trainings/long", params={"model": True}).status_code == 200
    assert studio.get("/api/trainings/long").status_code == 422
    assert studio.get("/api/models/long").status_code == 422


def until_epoch(studio, job, seconds=60):
    """Wait until a training has made steps."""
    until = time.monotonic() + seconds
    while studio.get(f"/api/jobs/{job}").json()["progress"] == 0:
        assert time.monotonic() < until
        time.sleep(0.1)


def until_checkpoint(studio, name, seconds=60):
    """Wait until a training can go on from what it has written."""
    until = time.monotonic() + seconds
    while not studio.get(f"/api/trainings/{name}").json()["can_resume"]:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_studio_that_was_ended_finds_files_and_trainings_again(tmp_path, monkeypatch):
    from starlette.testclient import TestClient

    monkeypatch.setenv("NOKTURN_HOME", str(tmp_path / "home"))
    settings = Settings(library=tmp_path / "library")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as client:
        found = brought(client, {"book.abc": BOOK})
        wanted = {"name": "cut", "corpus": found["id"], "seconds": 600}
        job = client.post("/api/jobs/train", json=wanted).json()
        until_epoch(client, job["id"])
        until_checkpoint(client, "cut")
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as client:
        (told,) = client.get("/api/trainings").json()
        assert (told["name"], told["state"], told["can_resume"]) == ("cut", "interrupted", True)
        assert client.get(f"/api/corpora/{found['id']}").json()["rows"] == found["rows"]
