"""Results come from another thread: each reaches its waiter, and a group costs one wake-up."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from services.wiring.landing import Landing


async def test_each_result_and_each_error_reaches_who_waits_for_it() -> None:
    landing, futures = Landing(), [Future[int]() for _ in range(100)]
    waiters = [landing.wait(future) for future in futures]

    def resolve() -> None:
        for number, future in enumerate(futures):
            if number % 10:
                future.set_result(number)
            else:
                future.set_exception(ValueError(str(number)))

    with ThreadPoolExecutor() as pool:
        pool.submit(resolve)
        told = await asyncio.gather(*waiters, return_exceptions=True)
    assert [each if isinstance(each, int) else int(str(each)) for each in told] == list(range(100))
    assert [isinstance(each, ValueError) for each in told] == [number % 10 == 0 for number in range(100)]


async def test_a_group_wakes_the_loop_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, calls = asyncio.get_running_loop(), list[object]()
    call = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *words: (calls.append(words), call(*words)))
    landing, futures = Landing(), [Future[int]() for _ in range(50)]
    waiters = [landing.wait(future) for future in futures]
    for future in futures:
        future.set_result(1)
    assert await asyncio.gather(*waiters) == [1] * 50
    assert len(calls) == 1


async def test_a_waiter_that_went_away_takes_its_work_along() -> None:
    landing, future = Landing(), Future[int]()
    waiter = landing.wait(future)
    waiter.cancel()
    await asyncio.sleep(0)
    assert future.cancelled()


async def test_work_that_was_cancelled_cancels_its_waiter() -> None:
    landing, future = Landing(), Future[int]()
    waiter = landing.wait(future)
    future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
