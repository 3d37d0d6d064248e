"""How far a store's rows were published, and where to go on."""

import msgspec

from services.runtime.store.contract import Reader


class Heads(msgspec.Struct, frozen=True):
    """Positions in the two dense streams: how far they were written, or how far they were published."""

    outbox: int = 0
    quarantine: int = 0

    def behind(self, head: "Heads") -> int:
        """How many rows there are up to a head."""
        return head.outbox - self.outbox + head.quarantine - self.quarantine


class Mark(msgspec.Struct, frozen=True):
    """How far records were published. Kafka keeps it in their transaction; the store a moment later, and for longer.

    Args:
        history: counts the stores that were published under this namespace: a restored backup is another one.
        published: how far. last_id: of the last effect published.
    """

    history: int = 0
    published: Heads = Heads()
    last_id: str = ""


def resumed(reader: Reader, written: Heads, kept: Mark | None, remembered: Mark) -> Mark:
    """Where to go on.

    A store that does not hold what was published last is an older one, restored: what it will say from here on may
    differ from what was said, under the same revisions. So all of it is said anew, as another history.

    Args:
        written: how far the store goes. kept: by Kafka; None: it has forgotten, or never knew.
        remembered: by the store; it may be older.
    """
    if kept is None:
        return remembered
    return kept if _holds(reader, written, kept) else Mark(history=kept.history + 1)


def _holds(reader: Reader, written: Heads, kept: Mark) -> bool:
    last = kept.published.outbox
    rows = reader.outbox(last - 1, 1) if last else []
    is_same = [row.effect.id for row in rows] == [kept.last_id] if last else True
    return is_same and kept.published.quarantine <= written.quarantine
