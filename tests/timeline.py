"""Stories as tables: `when | event | then`, played through the real pipeline.

`when` is the moment of receipt (local time of 2025 unless a year is given); a message's own times are the same unless
it says `at=`. `then` lists what subscribers hear of the watched rules: `+ rule due T` (raised), `- rule` (withdrawn),
`~ rule due T` (moved), `= rule STATE`; with `alerts` also `! rule ALERT` and `/ rule ALERT` (retracted). An empty
`then` asserts silence. `crash` drops everything held in memory, `wait` lets time pass; what becomes overdue between two
messages is heard on `wait` lines only.
"""

import re
from collections.abc import Iterable

from models.view import Effect
from tests.scribe import DISPOSITIONS, Line, Scribe, moment, shown
from tests.worlds import NAMED, SHORT, TRIO, Live, Told

__all__ = ["DISPOSITIONS", "Line", "Live", "Scribe", "Told", "moment", "play", "told"]


def rows(text: str) -> list[tuple[str, str, list[str]]]:
    """(when, event, then) of a table; a row with nothing but `then` continues the one above."""
    found: list[tuple[str, str, list[str]]] = []
    for row in filter(str.strip, text.splitlines()):
        when, event, *then = (
            re.split(r" {2,}", row.strip()) if row.strip()[0] not in "+-=~>!/" else ("", "", row.strip())
        )
        if when == "when":
            continue
        told = [" ".join(t.split()) for part in then for t in part.split(";") if t.strip()]
        if event:
            found.append((when, event, told))
        else:
            found[-1][2].extend(told)
    return found


def told(text: str, members: Iterable[str] = ("M1",), *, opening: bool = True) -> Told:
    """A story's journal in memory, to be asked."""
    scribe = Scribe()
    lines = scribe.opening(members) if opening else []
    for when, event, _ in rows(text):
        lines.append(lines[-1] if event == "again" else scribe.write(when, event))
    return Told(lines)


def play(text: str, rules: str = TRIO, members: Iterable[str] = ("M1",), *, alerts: bool = False) -> Told:
    """Play a story line by line, and compare what subscribers hear with its `then` column."""
    live, scribe, known, problems = Live(), Scribe(), {}, []
    wanted = {NAMED.get(rule, rule) for rule in rules.split()}
    try:
        journal = scribe.opening(members)
        live.take(journal)
        position = len(live.effects())
        for when, event, then in rows(text):
            live.wait(moment(when))
            by_time = live.effects(position)
            if event == "crash":
                live.crash()
            elif event != "wait":
                journal.append(scribe.write(when, event))
                live.take(journal[-1:])
                live.wait(moment(when))
            heard = live.effects(position)
            position += len(heard)
            said = [s for e in heard if _is_of_a_task(e) and e.rule in wanted and (s := _said(e, known, alerts=alerts))]
            if event != "wait":  # what became overdue meanwhile is no news of the event
                late = [s for s in said if s.endswith(" overdue")][: len(by_time)]
                said = [s for s in said if s not in late]
            if sorted(said) != sorted(then):
                problems.append(f"{when}  {event}\n    expected {sorted(then)}\n    heard    {sorted(said)}")
        assert not problems, "\n".join(problems)
        found = Told(journal)
        assert live.json(live.now) == found.json(live.now), "as we go differs from all at once"
        return found
    finally:
        live.close()


def _is_of_a_task(effect: Effect) -> bool:
    return effect.effect != "contribution_changed"  # measures bear the names of rules


def _said(effect: Effect, known: dict[str, tuple[str, str, str]], *, alerts: bool) -> str:
    rule, due = SHORT.get(effect.rule, effect.rule), shown(effect.due_at)
    if alerts and effect.alert in ("due_soon", "overdue", "escalated"):
        return f"{'/' if effect.effect == 'alert_retracted' else '!'} {rule} {effect.alert}"
    before = known.get(effect.subject)
    known[effect.subject] = now = (effect.state, due, effect.owner.lead_cm_id)
    gone = {"cancelled"}
    if effect.state in gone:
        return f"- {rule}" if before and before[0] not in gone else ""
    if before is None or before[0] in gone:
        return f"+ {rule} due {due}" if effect.state == "open" else f"+ {rule} {effect.state} due {due}"
    if now[0] != before[0]:
        return f"= {rule} {effect.state}"
    if now[1] != before[1]:
        return f"~ {rule} due {due}"
    return f"> {rule} to {now[2]}" if now[2] != before[2] else ""
