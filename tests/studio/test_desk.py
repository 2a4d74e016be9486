"""Short work in worker processes: answers, errors, and workers that hang or die."""

import asyncio

import pytest

from nokturn.errors import InputError
from nokturn.studio.desk import Desk, ProblemError
from nokturn.studio.problems import BusyError


def at_a_desk(odd_verbs, work, workers=1, warm=()):
    """Run a coroutine function with a desk."""

    async def run():
        desk = Desk(workers, warm=warm, verbs=odd_verbs)
        await desk.start()
        try:
            return await work(desk)
        finally:
            await desk.close()

    return asyncio.run(run())


def test_a_verb_is_answered(odd_verbs):
    assert at_a_desk(odd_verbs, lambda desk: desk.ask("double", number=21)) == 42


def test_many_at_once_get_their_own_answers(odd_verbs):
    async def work(desk):
        return await asyncio.gather(*(desk.ask("double", number=n) for n in range(50)))

    assert at_a_desk(odd_verbs, work, workers=2) == [2 * n for n in range(50)]


def test_what_a_verb_refuses_is_told_as_it_was_said(odd_verbs):
    with pytest.raises(ProblemError, match=r"jig\.abc, line 7: a bar is too long") as raised:
        at_a_desk(odd_verbs, lambda desk: desk.ask("refuse"))
    assert raised.value.told["code"] == "input"
    assert raised.value.told["fix"] == "Remove a note."


def test_a_worker_that_cannot_get_ready_for_one_thing_does_others(odd_verbs):
    async def work(desk):
        await asyncio.sleep(1)  # so that it tries to get ready
        process = desk._seats[0].worker._process
        return await desk.ask("double", number=3), await desk.ask("spoilt"), process.is_alive()

    assert at_a_desk(odd_verbs, work, warm=("spoilt",)) == (6, "done", True)


@pytest.mark.parametrize("verb", ["die", "be_killed"])
def test_a_worker_that_dies_costs_its_own_request_alone(odd_verbs, verb):
    async def work(desk):
        with pytest.raises(InputError, match="died"):
            await desk.ask(verb)
        return await desk.ask("double", number=4)

    assert at_a_desk(odd_verbs, work) == 8


def test_a_verb_that_takes_too_long_is_given_up(odd_verbs):
    async def work(desk):
        with pytest.raises(InputError, match="longer than 1 seconds"):
            await desk.ask("hang", seconds=1)
        return await desk.ask("double", number=5)

    assert at_a_desk(odd_verbs, work) == 10


def test_a_verb_that_takes_too_much_memory_is_refused(odd_verbs):
    with pytest.raises(ProblemError, match="not enough memory"):
        at_a_desk(odd_verbs, lambda desk: desk.ask("gorge"))


def test_work_of_one_who_went_away_ends(odd_verbs):
    async def work(desk):
        asked = asyncio.create_task(desk.ask("hang"))
        await asyncio.sleep(0.5)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        return await asyncio.wait_for(desk.ask("double", number=6), 60)

    assert at_a_desk(odd_verbs, work) == 12


def test_more_than_may_wait_are_refused_at_once(odd_verbs):
    async def work(desk):
        asked = [asyncio.create_task(desk.ask("hang")) for _ in range(65)]
        await asyncio.sleep(0.2)
        with pytest.raises(BusyError, match="busy"):
            await desk.ask("double", number=1)
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    at_a_desk(odd_verbs, work)
