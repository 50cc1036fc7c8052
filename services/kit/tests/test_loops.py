"""The loops of a service are stopped within their time, whatever one of them does."""

import asyncio
import time

from kit.runtime.loops import Endless, Loops


class Hanging:
    """A loop that does not end and whose stop does not either."""

    progress = float("inf")

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        await asyncio.Event().wait()


class Broken(Endless):
    def stop(self) -> None:
        super().stop()
        raise RuntimeError("broken to order")


async def test_a_loop_whose_stop_hangs_is_cut_off_and_the_others_are_stopped() -> None:
    loops, others = Loops(), Endless(asyncio.Event().wait())
    loops.add("consumer", Hanging())
    loops.add("relay 0", others)
    task = loops._running["relay 0"].task
    assert task
    await asyncio.sleep(0)

    assert await asyncio.wait_for(loops.stop("consumer", 0.05), 5) is False
    assert await asyncio.wait_for(loops.stop("", 5), 5) is True

    assert task.cancelled()
    assert loops.stuck() == []


async def test_a_loop_whose_stop_fails_does_not_keep_the_others_from_stopping() -> None:
    loops = Loops()
    loops.add("also one", Broken(asyncio.Event().wait()))
    loops.add("also two", Endless(asyncio.Event().wait()))
    await asyncio.sleep(0)
    began = time.monotonic()

    assert await loops.stop("also", 5) is False

    assert time.monotonic() - began < 4
