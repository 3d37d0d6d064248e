"""Tiny worlds written by hand: what is known of one member, in the words of care-rules §7."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from services.simulation.claims import Claim
from services.simulation.deeds import Deed
from services.simulation.fills import Fill
from services.simulation.measuring.known import Known, Stay
from services.simulation.measuring.labels import measures_of
from services.simulation.occasions import EXPIRED
from services.simulation.panel import Panel
from services.simulation.people import Person
from services.simulation.results import Result, Test
from services.simulation.roster import Row

LONG_AGO = datetime(2024, 12, 1, 16, tzinfo=UTC)
MEDICAL, MENTAL, CHEMOTHERAPY = ("J18.9",), ("F32.9",), ("Z51.11", "C34.90")
ROW = Row(LONG_AGO, "PLANA", date(2023, 1, 1), None, "P1", date(2024, 6, 1), "L1", "high", date(2024, 5, 20))


def day(text: str) -> date:
    """`03-06` is of 2025."""
    return date.fromisoformat(text if len(text) > 5 else f"2025-{text}")


def noon(text: str) -> datetime:
    return datetime.combine(day(text), datetime.min.time(), UTC).replace(hour=20)


def stay(first: str, last: str | None, diagnoses: Sequence[str] = MEDICAL, **said: Any) -> Stay:
    stay_class, disposition = said.get("stay_class", "inpatient"), said.get("disposition", "01")
    return Stay(stay_class, day(first), (last and day(last)) or None, disposition, tuple(diagnoses))


def visit(on: str, code: str = "99213", diagnoses: Sequence[str] = ("Z71.9",), place: str = "11", **said: Any) -> Claim:
    return Claim(f"C{on}{code}", LONG_AGO, day(on), day(on), "paid", (code,), tuple(diagnoses), place, **said)


def fill(on: str, drug: str = "metformin", days: int = 90) -> Fill:
    return Fill(f"F{on}{drug}", LONG_AGO, day(on), drug, days)


def result(on: str, test: Test, *values: float, **said: Any) -> Result:
    return Result(f"R{on}{values}", LONG_AGO, noon(on), test, values, **said)


def deed(what: str, on: str, **said: Any) -> Deed:
    return Deed(what, noon(on), noon(on), **said)


def told(
    today: str = "2026-03-31", *, stays: Sequence[Stay] = (), claims: Sequence[Claim] = (), fills: Sequence[Fill] = (),
    results: Sequence[Result] = (), deeds: Sequence[Deed] = (), rows: Sequence[Row] = (ROW,), born: str = "1980-02-14",
    years: Sequence[int] = (2025,),
) -> dict[str, str]:  # fmt: skip
    """The measures of one member: id -> "numerator/denominator", or with a year behind it for other years."""
    panel = Panel(list(rows), noon(today))
    known = Known(
        person=Person(1, "M", "Alder", "Wren", day(born), "F"),
        today=day(today),
        panel=panel,
        spans=panel.spans(),
        stays=sorted(stays, key=lambda each: (each.first, each.last or date.max)),
        unseen=(),
        claims=claims,
        fills=sorted(fills, key=lambda each: each.day),
        results=results,
        deeds=deeds,
        died_on=min((each.last for each in stays if each.last and each.disposition in EXPIRED), default=None),
    )
    return {
        m.measure if m.period == "2025" else f"{m.measure} {m.period}": f"{m.numerator}/{m.denominator}"
        + (f" {m.value:.4f}" if m.value is not None else "")
        for m in measures_of(known, years)
    }
