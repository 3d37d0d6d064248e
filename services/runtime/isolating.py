"""One event that breaks us must not stop the others: a batch that fails is split until the culprit stands alone."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from models.errors import WorldIsAway

T = TypeVar("T")


def isolated(
    attempt: Callable[[Sequence[T]], None], give_up: Callable[[T, Exception], None], items: Sequence[T]
) -> None:
    """Attempt items together; where that fails for a reason that lies in them, in halves, and so on, in their order.

    Args:
        attempt: does all of it or nothing, or knows what it did already when it is asked again.
        give_up: sets aside the one item that fails alone.

    Raises:
        WorldIsAway, OSError, MemoryError: not the items' fault; those before are done, those behind are not.
    """
    try:
        attempt(items)
    except (WorldIsAway, OSError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
        if len(items) == 1:
            give_up(items[0], error)
            return
        middle = len(items) // 2
        isolated(attempt, give_up, items[:middle])
        isolated(attempt, give_up, items[middle:])
