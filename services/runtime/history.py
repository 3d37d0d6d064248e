"""What was counted when: a member's contributions are counted and remembered in the transaction of the view.

The law: what is counted as of an instant, by undoing changes, is what deriving every member at that instant would count
(`tests/laws/test_counts.py`). Where undoing could not know, it says so, and those members are derived again.
"""

from collections.abc import Iterable, Mapping

import msgspec

from models.time import Instant
from models.view import Effect, View
from services.member.counting import changed, count_changes, joined
from services.runtime.recall import Circle
from services.runtime.store.contract import LONGEST_DOUBT, Batch, CountChange, Doubt
from services.runtime.workset import Member


def remember(
    member: Member, view: View, effects: Iterable[Effect], at: Instant, heard_at: Instant | None, batch: Batch
) -> None:
    """Count what a view, about to become the member's at an instant, changes; and remember what it was.

    Args:
        effects: of the view, which tell whether any contribution changed.
        heard_at: the earliest receipt among what made us derive, None when nothing was received.
    """
    is_counted = any(effect.effect == "contribution_changed" for effect in effects)
    changes = changed(member.view.measures, view.measures) if is_counted else []
    joined(batch.counters, count_changes(changes))
    since = min(filter(None, (heard_at, member.wake_at)), default=at)
    if (member.history_from or at) > at or at - since > LONGEST_DOUBT:
        # Also of who was marked to be derived again, at the epoch. Whoever loads history asks seldom what was counted
        # in its midst.
        member.history_from = at
        return
    batch.changes += [CountChange(at, member.member_id, before, after) for before, after in changes]
    if since < at:
        batch.doubts.append(Doubt(member.member_id, since, at))


class Told(msgspec.Struct, frozen=True):
    """The first and the last receipt of what was heard in a batch."""

    first: Instant
    last: Instant


def heard_of(around: Circle, told: Mapping[str, Told]) -> Told | None:
    """When a batch told of a circle, of what it told by source patient and subject; None when it did not."""
    concerned = [told[name] for name in around.names if name in told] if told else []
    if not concerned:
        return None
    return Told(min(each.first for each in concerned), max(each.last for each in concerned))
