"""What every contribution obeys, whatever was told: populations lie within each other, and a unit counts once."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given, settings

from models.measure import Contribution, Sums
from services.member.counting import counted
from services.status.count_shapes import ledger_json
from tests.laws.histories import EXAMPLES, law
from tests.laws.measured_lives import DICE, INSTANTS, lives, received
from tests.laws.measured_worlds import Heard, installation
from tests.timeline import Line

some = settings(law, max_examples=max(EXAMPLES // 2, 5))
PAGES = {(page.measure, page.version) for page in installation().pages if page.active}
COUNTS = {"amb_ed"}
"""Measures whose numerator is a number of days."""


@given(lives(), INSTANTS)
@law
def test_populations_lie_within_each_other(journal: list[Line], at: datetime) -> None:
    for view in Heard(journal).everybody(at).values():
        for one in view.measures:
            assert one.initial_population == 1
            assert one.denominator in {0, 1}
            assert one.exclusion in {0, 1}
            assert one.denominator + one.exclusion <= 1, "who is excluded is out of the denominator"
            assert one.exception <= one.denominator
            assert one.numerator <= (31 if one.measure in COUNTS else 1) * one.denominator
            assert not (one.numerator and one.exception), "who is counted needs no exception"
            assert one.value is None or one.value >= 0


@given(lives(), INSTANTS)
@law
def test_a_unit_counts_once_in_a_period_that_holds_its_last_day(journal: list[Line], at: datetime) -> None:
    for view in Heard(journal).everybody(at).values():
        keys = [one.key for one in view.measures]
        assert max(Counter(keys).values(), default=1) == 1
        assert {key[:2] for key in keys} <= PAGES
        for one in view.measures:
            assert one.first <= one.last
            assert one.period == str(one.last.year)
            assert one.strata == tuple(sorted(one.strata))
            kinds = [kind for kind, _ in one.strata]
            assert len(set(kinds)) == len(kinds)


@given(lives(), INSTANTS)
@law
def test_counts_are_sums(journal: list[Line], at: datetime) -> None:
    rows = [one for view in Heard(journal).everybody(at).values() for one in view.measures]
    counters = counted(rows)
    for kind in {key.kind for key in counters}:
        mine = {key: sums for key, sums in counters.items() if key.kind == kind}
        expected = [one for one in rows if not kind or dict(one.strata).get(kind)]
        assert sum((sums for sums in mine.values()), Sums()) == sum((_sums(one) for one in expected), Sums())
    for row in rows:
        json.dumps(ledger_json("M1", row, at.date()))


def _sums(one: Contribution) -> Sums:
    counts = one.initial_population, one.denominator, one.exclusion, one.exception, one.numerator
    return Sums(*counts, round((one.value or 0) * 1_000_000), 1)


@given(lives(), DICE, INSTANTS)
@some
def test_what_a_message_is_named_changes_no_count(journal: list[Line], dice: random.Random, at: datetime) -> None:
    """The same said in other bytes: names break ties of receipts alone, so each line gets its own moment."""
    one = [spread(line, n) for n, line in enumerate(journal)]
    other = [respelt(line, dice.randrange(1000)) for line in one]
    assert totals(one, at) == totals(other, at)


def spread(line: Line, n: int) -> Line:
    return {**line, "received_at": (received(line) + timedelta(milliseconds=n)).isoformat()}


def respelt(line: Line, n: int) -> Line:
    """A message that says the same under another name."""
    body = line["body"]
    match line["kind"]:
        case "hl7v2":
            head, rest = body.split("\r", 1)
            fields = head.split("|")
            fields[9] = f"R{n}{fields[9]}"
            body = "|".join(fields) + "\r" + rest
        case "fhir":
            body = json.dumps({**json.loads(body), "implicitRules": f"urn:r{n}"})
        case "decisions":
            pass
        case _:
            head, *rows = body.rstrip("\n").split("\n")
            body = "\n".join([f"{head},remark", *(f"{row},{n}" for row in rows)]) + "\n"
    return {**line, "body": body}


def totals(journal: list[Line], at: datetime) -> dict[str, object]:
    return {name: counted(view.measures) for name, view in Heard(journal).everybody(at).items()}
