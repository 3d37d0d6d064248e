"""Local indicators: transitional care after acute discharges, outreach, care plans and enrolment in ECM.

Readings of the text: a discharge counts for its year; whom the next bed, death or the end of coverage takes by D+7 is
left out. An assignment counts for the year of its day 0, an enrolment for the year in which it begins.

Source: care-rules §1.6, §2.4, §4.1; contract, "Assignment".
"""

from collections.abc import Iterator
from datetime import date, timedelta

from models.time import local_day
from services.simulation.measuring.counted import tally
from services.simulation.measuring.known import DAY, Known, Stay
from services.simulation.occasions import NOT_HOME
from services.simulation.places import ZONE
from services.simulation.truth import TrueMeasure

WEEK = timedelta(days=7)
QUARTER = timedelta(days=90)
_MODES = ("phone", "text", "email", "in_person", "video", "portal", "")
"""Ways in which a member can answer directly; a contact without a mode is one."""


def transitional_care(known: Known, year: int) -> Iterator[TrueMeasure]:
    """Acute discharges home of members at high risk: spoken with, and seen, within seven days."""
    days = [
        stay.last
        for stay in known.stays
        if stay.stay_class == "inpatient" and stay.last and stay.last.year == year
        and stay.disposition not in NOT_HOME and known.panel.risk(stay.last) == "high"
        and _goes_on(known, stay, stay.last)
    ]  # fmt: skip
    yield tally("tcs.cm_contact_7d", year, (_reached(known, day) for day in days))
    yield tally("tcs.ambulatory_visit_7d", year, (known.has_visit(day, day + WEEK) for day in days))


def _goes_on(known: Known, stay: Stay, over_on: date) -> bool:
    """At home, alive and covered for the week."""
    again = any(
        other.is_bed and other is not stay and over_on <= other.first <= over_on + WEEK for other in known.stays
    )
    died = known.died_on is not None and known.died_on <= over_on + WEEK
    span = known.span_on(over_on)
    return not again and not died and span is not None and span.last >= over_on + WEEK


def _reached(known: Known, over_on: date) -> bool:
    return any(
        deed.what == "contact" and deed.outcome == "reached" and over_on <= deed.day <= over_on + WEEK
        for deed in known.deeds
    )


def enhanced_care(known: Known, year: int) -> Iterator[TrueMeasure]:
    """Assigned members reached out to in ten days and enrolled in ninety; care plans of the enrolled in ninety."""
    assigned = [
        (on, day, enrolled)
        for on, day, enrolled in _assignments(known)
        if day.year == year and not (enrolled and enrolled <= day)
    ]
    yield tally("ecm.outreach_10", year, (_tried(known, on, day + 10 * DAY) for on, day, _ in assigned))
    met = (enrolled is not None and enrolled <= day + QUARTER for _, day, enrolled in assigned)
    yield tally("ecm.enrolment_90", year, met)
    starts = {(row.provider, row.ecm_from) for row in known.panel.rows if row.provider and row.ecm_from}
    days = [start for _, start in starts if start and start.year == year and not _died_before(known, start)]
    yield tally("ecm.careplan_90", year, (_planned(known, start) for start in days))


def _died_before(known: Known, day: date) -> bool:
    """A plan may learn late, and go on stating."""
    return known.died_on is not None and known.died_on < day


def _assignments(known: Known) -> list[tuple[date, date, date | None]]:
    """(assigned on, first received on, enrolled on as stated last) of each plan, provider and day of assignment."""
    found: dict[tuple[str, str, date], tuple[date, date, date | None]] = {}
    for row in known.panel.rows:
        if row.provider:
            on = known.panel.since(row)
            key = (row.plan, row.provider, on)
            received_on = found[key][1] if key in found else local_day(row.received_at, ZONE)
            found[key] = (on, received_on, row.ecm_from)
    return list(found.values())


def _tried(known: Known, first: date, last: date) -> bool:
    return any(
        deed.what in ("outreach_attempt", "contact") and deed.mode in _MODES and first <= deed.day <= last
        for deed in known.deeds
    )


def _planned(known: Known, start: date) -> bool:
    return any(deed.what == "care_plan_completed" and start <= deed.day <= start + QUARTER for deed in known.deeds)
