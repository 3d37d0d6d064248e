"""What happened, in words: the line that was told, and which tasks were opened, moved, met or taken back."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from models.view import Effect
from services.cli.demo.playing import SILENCE, Happened
from services.cli.demo.story import Told

_TRIGGER = re.compile(rb"ADT[\^*](A\d\d)")
_NOUNS = {
    "A01": "admission", "A02": "transfer", "A03": "discharge", "A04": "registration", "A05": "pre-admission",
    "A08": "update",
}  # fmt: skip
_COLOURS = {
    "opened": "cyan", "moved": "blue", "reopened": "cyan", "overdue": "red", "missed": "red",
    "met": "green", "met late": "yellow", "cancelled": "magenta", "superseded": "magenta", "withdrawn": "magenta",
    "not possible": "magenta",
}  # fmt: skip
OPEN = ("open", "overdue")
RULES_SHOWN = 2

Changes = dict[tuple[str, str], list[str]]
"""(who, what became of the tasks) and the rules they are of."""


class Event(msgspec.Struct, frozen=True):
    """One line to show: when, its words, and a colour of rich ("" for none)."""

    at: datetime
    words: str
    colour: str = ""


class Teller:
    """Puts happenings into words; remembers each task's state and due time, to know what moved."""

    def __init__(self) -> None:
        self._known: dict[str, Effect] = {}

    def tell(self, happened: Happened) -> tuple[list[Event], str]:
        """Events to show, none for what changed nothing and is not remarkable; and the outcome in a few words."""
        changes = self._changes(happened.effects)
        return self._events(happened, changes), outcome(happened, changes)

    @staticmethod
    def _events(happened: Happened, changes: Changes) -> list[Event]:
        found: list[Event] = []
        if happened.line and (happened.line.note or changes):
            found.append(Event(happened.at, heading(happened.line), "bold"))
        if happened.line is None:  # time falls due for many at once
            merged: Changes = {}
            for (member_id, word), rules in changes.items():
                merged.setdefault(("time passes", word), []).extend(f"{member_id} {rule}" for rule in rules)
            changes = merged
        for (who, word), rules in changes.items():
            more = f" and {len(rules) - RULES_SHOWN} more" if len(rules) > RULES_SHOWN else ""
            words = f"  {who}: {len(rules)} {word}: {', '.join(rules[:RULES_SHOWN])}{more}"
            found.append(Event(happened.at, words, _COLOURS[word]))
        return found

    def _changes(self, effects: Iterable[Effect]) -> Changes:
        found: Changes = {}
        for effect in effects:
            word = self._word(effect)
            self._known[effect.subject] = effect
            if word:
                found.setdefault((effect.member_id, word), []).append(effect.rule)
        return found

    def _word(self, effect: Effect) -> str:
        """What became of a task; "" where only its evidence or its owner is another."""
        before = self._known.get(effect.subject)
        if effect.effect == "task_withdrawn" and effect.state in OPEN:
            return "withdrawn"  # no longer listed at all
        if effect.effect == "task_opened" and effect.state == "open":
            return "opened"
        if before is None or before.state != effect.state:
            return "reopened" if effect.state == "open" else effect.state.replace("_", " ")
        return "moved" if before.due_at != effect.due_at else ""


def heading(line: Told) -> str:
    """The line itself in words: its note, or what it is."""
    trigger = _TRIGGER.search(line.body)
    name = trigger[1].decode() if trigger else "not ADT"
    if line.kind != "hl7v2":
        return line.note or f"a line of {line.kind}"
    return f"{name} {line.note or _NOUNS.get(name, 'event') + ', ' + line.feed}"


def outcome(happened: Happened, changes: Changes) -> str:
    """What a remarkable line led to, in a few words."""
    counts: Counter[str] = Counter()
    for (_, word), rules in changes.items():
        counts[word] += len(rules)
    words = [f"{number} {word}" for word, number in counts.items()]
    if happened.quarantined:
        words.append(f"waits as q-{happened.quarantined[0]}")
    if happened.parked:
        words.append("parked")
    if happened.repeat:
        words.append("not kept again")
    if happened.code == SILENCE:
        words.append("no answer")
    return ", ".join(words) or "no task changed"
