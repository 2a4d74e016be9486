"""Long work: the queue, events with numbers, stop, cancel, what survives."""

import asyncio
import gc
import json
import shutil
import time
from pathlib import Path

import pytest

from nokturn.studio.jobs import Job, Jobs
from nokturn.studio.problems import BusyError, MissingError


def with_jobs(folder, odd_verbs, work, **settings):
    """Run a coroutine function with jobs."""

    async def run():
        jobs = Jobs(folder, warm=(), verbs=odd_verbs, **settings)
        await jobs.start()
        try:
            return await work(jobs)
        finally:
            await jobs.close()

    return asyncio.run(run())


async def told(jobs, job, after=0):
    """Return a job's events as (number, kind, data) once it has ended."""
    text = b"".join([part async for part in jobs.follow(job, after)]).decode()
    events = []
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            events.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return events


async def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


def test_events_come_in_order_and_end_with_the_result(tmp_path, odd_verbs):
    async def work(jobs):
        return await told(jobs, jobs.submit("tell", {"times": 5}))

    events = with_jobs(tmp_path / "jobs", odd_verbs, work)
    assert [data["pitch"] for _, kind, data in events if kind == "note"] == [60, 61, 62, 63, 64]
    assert [number for number, _, _ in events] == sorted({number for number, _, _ in events})
    assert events[-2][1:] == ("result", {"times": 5, "pieces": []})
    assert events[-1][2]["state"] == "done"


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(tmp_path, odd_verbs):
    async def work(jobs):
        job = jobs.submit("tell", {"times": 5})
        await told(jobs, job)
        whole = await told(jobs, job)  # progress that has passed is not told again
        middle = whole[len(whole) // 2][0]
        return whole, await told(jobs, job, after=middle), middle

    whole, again, middle = with_jobs(tmp_path / "jobs", odd_verbs, work)
    assert again == [event for event in whole if event[0] > middle]
    assert {kind for _, kind, _ in whole} == {"note", "result", "state"}


def test_two_run_and_others_wait_in_order(tmp_path, odd_verbs):
    async def work(jobs):
        held = [jobs.submit("until_stopped", {}) for _ in range(4)]
        assert [job.state for job in held] == ["running", "running", "waiting", "waiting"]
        assert jobs.counts == {"running": 2, "waiting": 2}
        jobs.stop(held[0])
        await until(lambda: held[2].state == "running")
        return held[0].result, held[3].state

    assert with_jobs(tmp_path / "jobs", odd_verbs, work) == (
        {"stopped": True, "pieces": []},
        "waiting",
    )


def test_a_full_queue_refuses_at_once(tmp_path, odd_verbs):
    async def work(jobs):
        for _ in range(1 + 3):
            jobs.submit("hang", {})
        took = []
        for _ in range(20):  # a machine with other work may be late now and then
            began = time.perf_counter()
            with pytest.raises(BusyError, match="3 pieces of work are waiting"):
                jobs.submit("hang", {})
            took.append(time.perf_counter() - began)
        return min(took)

    assert with_jobs(tmp_path / "jobs", odd_verbs, work, running=1, waiting=3) < 0.05


def test_cancelling_ends_the_work_within_a_second(tmp_path, odd_verbs):
    async def took(jobs):
        job = jobs.submit("hang", {})
        await until(lambda: any(event.kind == "begun" for event in job.events))
        process = jobs._seats[0].worker._process
        jobs.cancel(job)
        began = time.monotonic()
        await until(lambda: not process.is_alive())
        return job.state, time.monotonic() - began

    async def work(jobs):
        state, seconds = await took(jobs)
        for _ in range(2):  # a machine that has other things to do may be late once
            if seconds >= 1:
                state, seconds = await took(jobs)
        assert seconds < 1
        other = jobs.submit("tell", {"times": 1})
        await told(jobs, other)
        return state, other.state

    assert with_jobs(tmp_path / "jobs", odd_verbs, work, running=1) == ("cancelled", "done")


@pytest.mark.parametrize(
    ("verb", "code"), [("die", "internal"), ("be_killed", "resource"), ("refuse", "input")]
)
def test_a_job_that_breaks_is_one_failed_job(tmp_path, odd_verbs, verb, code):
    async def work(jobs):
        broken, whole = jobs.submit(verb, {}), jobs.submit("tell", {"times": 1})
        await told(jobs, broken)
        await told(jobs, whole)
        return broken.state, broken.error["code"], whole.state

    assert with_jobs(tmp_path / "jobs", odd_verbs, work, running=1) == ("failed", code, "done")


def test_what_was_not_finished_is_interrupted_and_remembered(tmp_path, odd_verbs):
    async def leave(jobs):
        job = jobs.submit("tell", {"times": 2}, title="two notes")
        await told(jobs, job)
        return job.id, jobs.submit("hang", {}).id

    async def come_back(jobs):
        return {job.id: (job.title, job.state, job.result) for job in jobs.all()}

    done, held = with_jobs(tmp_path / "jobs", odd_verbs, leave, running=1)
    found = with_jobs(tmp_path / "jobs", odd_verbs, come_back)
    assert found[done] == ("two notes", "done", {"times": 2, "pieces": []})
    assert found[held][1] == "interrupted"


def test_a_damaged_record_hides_no_other(tmp_path, odd_verbs):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "0123.json").write_text("{")

    async def work(jobs):
        with pytest.raises(MissingError, match="no such piece of work"):
            jobs.get("0123")
        return len(jobs.all())

    assert with_jobs(tmp_path / "jobs", odd_verbs, work) == 0


def test_who_listened_to_a_studio_that_was_ended_hears_the_end(tmp_path, odd_verbs):
    async def leave(jobs):
        done = jobs.submit("tell", {"times": 1})
        await told(jobs, done)
        jobs.submit("hang", {})
        waiting = jobs.submit("tell", {"times": 1})
        return [(job.id, job.last) for job in (done, waiting)]

    async def come_back(jobs):
        heard = [await told(jobs, jobs.get(number), after=last) for number, last in left]
        return [events[-1][2]["state"] for events in heard]

    left = with_jobs(tmp_path / "jobs", odd_verbs, leave, running=1)
    assert with_jobs(tmp_path / "jobs", odd_verbs, come_back) == ["done", "interrupted"]
    assert with_jobs(tmp_path / "jobs", odd_verbs, come_back) == ["done", "interrupted"]


def test_work_that_comes_when_a_worker_has_just_died_is_done(tmp_path, odd_verbs):
    async def work(jobs):
        broken = jobs.submit("die", {})
        await told(jobs, broken)
        return [event[1] for event in await told(jobs, jobs.submit("tell", {"times": 1}))][-2:]

    async def in_time(jobs):
        return await asyncio.wait_for(work(jobs), 60)

    assert with_jobs(tmp_path / "jobs", odd_verbs, in_time, running=1) == ["result", "state"]


def test_work_goes_on_where_nothing_can_be_written_down(tmp_path, odd_verbs):
    async def work(jobs):
        shutil.rmtree(jobs.folder)
        both = [jobs.submit("tell", {"times": 1}) for _ in range(2)]
        await until(lambda: all(job.ended for job in both))
        return [job.state for job in both]

    assert with_jobs(tmp_path / "jobs", odd_verbs, work, running=1) == ["done", "done"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="files are counted in /proc")
def test_cancelling_again_and_again_leaves_no_files_open(tmp_path, odd_verbs):
    def count():
        return len(list(Path("/proc/self/fd").iterdir()))

    async def work(jobs):
        before = count()
        for _ in range(5):
            jobs.cancel(jobs.submit("hang", {}))
        await until(lambda: count() <= before)

    gc.disable()
    try:
        with_jobs(tmp_path / "jobs", odd_verbs, work, running=1)
    finally:
        gc.enable()


def test_what_a_job_makes_goes_through_its_keeper(tmp_path, odd_verbs):
    def keep(job, data):
        job.pieces.append(str(data["pitch"]))
        return "piece", {"id": str(data["pitch"])}

    async def work(jobs):
        job = jobs.submit("tell", {"times": 2})
        return await told(jobs, job)

    events = with_jobs(tmp_path / "jobs", odd_verbs, work, keepers={"note": keep})
    assert [data for _, kind, data in events if kind == "piece"] == [{"id": "60"}, {"id": "61"}]
    assert events[-2][2]["pieces"] == ["60", "61"]


def test_all_jobs_can_be_watched_at_once(tmp_path, odd_verbs):
    async def work(jobs):
        seen = []

        async def watch():
            async for part in jobs.changes():
                text = part.decode().split("data: ")[1]
                seen.append(json.loads(text))

        watching = asyncio.create_task(watch())
        jobs.submit("tell", {"times": 3}, title="three")
        await until(lambda: any(job["state"] == "done" for job in seen))
        watching.cancel()
        return seen[-1]

    last = with_jobs(tmp_path / "jobs", odd_verbs, work)
    assert (last["title"], last["state"], last["progress"]) == ("three", "done", 1.0)


def test_what_happens_while_events_are_sent_is_sent_too(tmp_path):
    job = Job("0" * 12, "tell", {}, "tell", "2026-11-21T12:00:00.000+00:00")

    async def run():
        job.say("note", {"pitch": 60})
        stream = Jobs(tmp_path).follow(job)
        heard = [await anext(stream)]
        job.say("result", {})
        job.state = "done"
        return heard + [event async for event in stream]

    assert [event.split(b"\n")[1] for event in asyncio.run(run())] == [
        b"event: note",
        b"event: result",
    ]
