"""What a rule page must make sense of beyond its shape.

These look at the page's plain values, not at the parsed models, so that one reading of a file tells every mistake in
it: those of shape and those of sense. A value of the wrong type is none of their business.
"""

from collections.abc import Collection, Iterator
from pathlib import PurePath
from typing import Any, cast

from models.errors import Problem
from models.pages import Location, Page, nearest
from services.timeliness.vocabulary import length

HEADS = ("any", "all", "care_event", "claim", "task_action", "roster")


def sense(page: Page, calendars: Collection[str]) -> Iterator[Problem]:
    """Say what does not make sense in one rule page.

    Args:
        page: the page, whatever its shape.
        calendars: the names of the calendars there are.
    """
    yield from _name(page)
    yield from _dates(page)
    yield from _trigger(page)
    yield from _due(page, calendars)
    yield from _evidence(page, ("done_when",))
    for index, _ in enumerate(_list(page, ("cases",))):
        yield from _case(page, ("cases", index))


def _name(page: Page) -> Iterator[Problem]:
    rule, stem = _at(page, ("rule",)), PurePath(page.path).stem
    if isinstance(rule, str) and rule != stem:
        what = f"{rule!r} is not the name of the file, {stem!r}."
        yield page.problem(("rule",), what, f"Write '{stem}', or rename the file to '{rule}.yaml'.")


def _dates(page: Page) -> Iterator[Problem]:
    first, last = _at(page, ("effective", "from")), _at(page, ("effective", "to"))
    if isinstance(first, str) and isinstance(last, str) and last < first:
        what = f"The rule ends on {last!r}, before it begins on {first!r}."
        yield page.problem(("effective", "to"), what, "Write a later date, or null for a rule that goes on.")


def _trigger(page: Page) -> Iterator[Problem]:
    if _at(page, ("when", "to")) is not None and _events(page) != ["discharged"]:
        what = "Only a discharge goes somewhere."
        yield page.problem(("when", "to"), what, "Remove 'to', or write 'event: discharged'.")
    both = [lack for lack in _list(page, ("when", "without")) if lack in _list(page, ("when", "with"))]
    if both:
        what = f"{both[0]!r} is both wanted and not wanted: the rule would never be raised."
        yield page.problem(("when", "without"), what, "Name it once, under 'with' or under 'without'.")


def _due(page: Page, calendars: Collection[str]) -> Iterator[Problem]:
    at: Location = ("raise", "due")
    due = _at(page, at)
    if isinstance(due, dict):
        if due.get("within") is None and due.get("by") is None:
            yield page.problem(at, "A due time needs 'within' or 'by'.", "Write 'within: 7 calendar days'.")
        yield from _clock(page, at, due)
        yield from _calendar(page, at, due, calendars)
    elif isinstance(_at(page, ("raise",)), dict):
        if _at(page, ("raise", "not_before")) is None:
            what = "The task has neither a due time nor a day on which it appears."
            yield page.problem(("raise",), what, "Write 'due: {...}' or 'not_before: <n> calendar days'.")
        for key in ("remind", "escalate"):
            if _at(page, ("raise", key)) is not None:
                yield page.problem(("raise", key), f"'{key}' counts from a due time.", f"Remove '{key}', or add 'due'.")


def _clock(page: Page, at: Location, due: dict[str, object]) -> Iterator[Problem]:
    within, after = due.get("within"), due.get("after")
    if within is not None and after is None:
        yield page.problem((*at, "within"), "The length of time counts from nothing.", "Add 'after: discharged_at'.")
    if within is None and after is not None:
        yield page.problem((*at, "after"), "Nothing counts from this clock.", "Add 'within', or remove 'after'.")
    if after == "discharged_at" and any(event != "discharged" for event in _events(page)):
        what = "'discharged_at' starts a clock only where the discharge is the event."
        yield page.problem((*at, "after"), what, "Write 'event: discharged', or another clock.")
    if due.get("by") is not None and "discharged" in _events(page):
        what = "A task that the discharge raises cannot be due by the discharge."
        yield page.problem((*at, "by"), what, "Remove 'by', or write 'event: admitted'.")


def _calendar(page: Page, at: Location, due: dict[str, object], calendars: Collection[str]) -> Iterator[Problem]:
    name, known = due.get("calendar"), ", ".join(sorted(calendars))
    try:
        unit = length(due.get("within"))[1]
    except ValueError:  # told with the shape
        return
    if unit == "business days" and name is None:
        what = "Business days need a calendar."
        yield page.problem((*at, "within"), what, f"Add 'calendar: NAME', one of: {known}.")
    if unit != "business days" and name is not None:
        yield page.problem((*at, "calendar"), "Only business days take a calendar.", "Remove 'calendar'.")
    elif isinstance(name, str) and name not in calendars:
        what = f"There is no calendar {name!r}."
        yield page.problem((*at, "calendar"), what, f"{nearest(name, calendars)}There are: {known}.")


def _evidence(page: Page, at: Location) -> Iterator[Problem]:
    value = _at(page, at)
    if not isinstance(value, dict):
        return
    heads = [head for head in HEADS if value.get(head) is not None]
    if len(heads) != 1:
        what = (
            f"Evidence is one thing; here are {len(heads)}: {', '.join(heads)}." if heads else "No evidence is named."
        )
        remedy = f"Write one of {', '.join(HEADS)}; put several under 'any' or 'all'."
        yield page.problem(at, what, remedy)
    elif heads != ["care_event"]:
        for key in ("outcome", "mode", "detail"):
            if key in value:
                yield page.problem((*at, key), f"Only a care event has '{key}'.", f"Remove '{key}'.")
    for head in ("any", "all"):
        for index, _ in enumerate(_list(page, (*at, head))):
            yield from _evidence(page, (*at, head, index))


def _case(page: Page, at: Location) -> Iterator[Problem]:
    then, given = _at(page, (*at, "then")), _at(page, (*at, "given"))
    silent = isinstance(then, dict) and then.get("raised") is False
    if then == {}:
        remedy = "Write 'due_at', 'appears_at' or 'raised: false'."
        yield page.problem((*at, "then"), "The case expects nothing.", remedy)
    if silent and isinstance(then, dict) and len(then) > 1:
        what = "What is not raised has no times."
        yield page.problem((*at, "then"), what, "Remove 'raised: false' or the other keys.")
    if isinstance(given, dict):
        yield from _given(page, (*at, "given"), given, silent)


def _given(page: Page, at: Location, given: dict[str, object], silent: bool) -> Iterator[Problem]:
    event, events = given.get("event"), _events(page)
    if event is not None and events and event not in events and not silent:
        what = f"{event!r} does not raise this rule."
        yield page.problem((*at, "event"), what, f"Write one of: {', '.join(map(str, events))}.")
    if not any(str(key).endswith(("_at", "_receipt")) for key, value in given.items() if value is not None):
        yield page.problem(at, "The case gives no time.", "Write 'discharged_at: ...' or another clock.")


def _events(page: Page) -> list[object]:
    return _list(page, ("when", "event"))


def _list(page: Page, at: Location) -> list[object]:
    value = _at(page, at)
    return value if isinstance(value, list) else [] if value is None else [value]


def _at(page: Page, at: Location) -> object:
    value: Any = page.data
    try:
        for step in at:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        return None
    return cast("object", value)
