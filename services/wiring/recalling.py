"""Was the same said before, and what was answered? Asked for many messages at once, and not for long."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from models.errors import WorldIsAway
from models.time import Instant

log = logging.getLogger(__name__)

Asked = tuple[str, bytes, Instant]
"""Feed, SHA-256 of the body, receipt."""
Before = tuple[Instant, bytes | None]
"""When it was first said, and what was answered."""

BOUND_S = 0.5
"""A sender waits no longer for what the database knows."""
PAUSE_S = 5.0
"""How long it is let alone after it gave no answer: whoever takes lines into the journal finds repeats anyway."""
TOGETHER_MAX = 256


class Recalling:
    """Asks `ClusterStore.answers_of` in a thread, one call at a time; what comes meanwhile is asked together."""

    def __init__(
        self,
        ask: Callable[[Sequence[Asked]], list[Before | None]],
        *,
        bound_s: float = BOUND_S,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._bound_s, self._ticks = ask, bound_s, ticks
        self._waiting: list[tuple[Asked, asyncio.Future[Before | None]]] = []
        self._asking: asyncio.Task[None] | None = None
        self._silent_until = 0.0

    async def before(self, asked: Asked) -> Before | None:
        """What was said before; None also where the database gives no answer in time."""
        if self._ticks() < self._silent_until:
            return None
        answer: asyncio.Future[Before | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_for_all())
        try:
            return await asyncio.wait_for(answer, self._bound_s)
        except TimeoutError:
            self._let_alone("TimeoutError")
            return None

    async def stop(self) -> None:
        """Let what is under way end."""
        if self._asking:
            await asyncio.wait({self._asking}, timeout=self._bound_s)

    async def _ask_for_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            found: Sequence[Before | None] = [None] * len(together)
            try:
                found = await asyncio.to_thread(self._ask, [asked for asked, _ in together])
            except WorldIsAway as error:
                self._let_alone(type(error).__name__)
                together, self._waiting = together + self._waiting, []
                found = [None] * len(together)
            finally:
                for (_, answer), before in zip(together, found, strict=True):
                    if not answer.done():
                        answer.set_result(before)

    def _let_alone(self, error: str) -> None:
        if self._ticks() >= self._silent_until:
            log.warning("the database is not asked for repeats for a while", extra={"error": error})
        self._silent_until = self._ticks() + PAUSE_S
