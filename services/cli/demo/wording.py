"""What became of tasks, in words: opened, moved, met, overdue, escalated, taken back."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from models.time import Instant
from models.view import OPEN_STATES, Effect

WORDS = ("opened", "moved", "due soon", "met", "overdue", "escalated", "missed", "withdrawn")
"""What is counted, in the order of a task's life; the ticker tells more precisely."""
_COUNTED_AS = {
    "reopened": "opened", "met late": "met", "cancelled": "withdrawn", "superseded": "withdrawn",
    "not possible": "withdrawn",
}  # fmt: skip
_RETRACTED = {"due_soon": "not so soon", "overdue": "not overdue", "escalated": "not escalated"}


class News(msgspec.Struct, frozen=True):
    """A line of a ticker: when, what happened (one of a few words), to whom, and the rest of it.

    `rules` are those of the tasks that it happened to, none where it is no matter of tasks; `due_at` is the earliest.
    """

    at: Instant
    word: str
    member_id: str
    about: str = ""
    rules: tuple[str, ...] = ()
    due_at: Instant | None = None


class Narrator:
    """Puts effects into words and counts them; remembers each task's due time and state, to know what moved."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Instant | None, str]] = {}
        self.counts: Counter[str] = Counter()

    def tell(self, effects: Iterable[Effect]) -> list[News]:
        """One event for all tasks of a member with which the same happened; none for a change of evidence alone."""
        found: dict[tuple[str, str], list[Effect]] = {}
        for effect in effects:
            if word := self._word(effect):
                found.setdefault((effect.member_id, word), []).append(effect)
                self.counts[_COUNTED_AS.get(word, word)] += 1
            self._known[effect.subject] = (effect.due_at, effect.state)
        return [_event(member_id, word, same) for (member_id, word), same in found.items()]

    def _word(self, effect: Effect) -> str:
        known = self._known.get(effect.subject)
        match effect.effect:
            case "alert":
                return "due soon" if effect.alert == "due_soon" else "escalated"
            case "alert_retracted":
                return _RETRACTED.get(effect.alert or "", "")
            case "task_opened" if effect.state in OPEN_STATES:
                return "reopened" if known else "opened"
            case "task_withdrawn" if effect.state in OPEN_STATES:
                return "withdrawn"  # no longer listed at all
            case "task_changed" if effect.alert == "overdue":
                return "overdue"
            case "task_changed":
                return _change(effect, *known) if known else ""
            case "contribution_changed":
                return ""  # counts are shown, not told one by one
        return effect.state.replace("_", " ")


def _change(effect: Effect, due_at: Instant | None, state: str) -> str:
    if due_at != effect.due_at:
        return "moved"
    if state != effect.state:
        return effect.state.replace("_", " ")
    return "handed over" if effect.previous_owner else ""


def _event(member_id: str, word: str, effects: list[Effect]) -> News:
    due = min((effect.due_at for effect in effects if effect.due_at), default=None)
    return News(effects[-1].at, word, member_id, rules=tuple(effect.rule for effect in effects), due_at=due)
