"""Stories whose telling goes wrong: errors that senders make and correct. One function a fault."""

from datetime import UTC, datetime, timedelta

from models.time import end_of_day, local_day, start_of_day
from services.simulation.charting import Chart
from services.simulation.people import SEXES, Person, adult
from services.simulation.places import ACUTE, ZONE
from services.simulation.stories import DAY, HOUR, Cast, Story, delivery, inpatient
from services.simulation.telling import Visit


def cancel_admit(cast: Cast, at: datetime) -> list[Visit]:
    """Admitted by mistake; sometimes admitted after all, at another time, under the same number."""
    if cast.dice.random() < 0.25:
        return _only_an_emergency(cast, at)
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    cancelled_at = cast.after(at, 1, 20)
    if cast.dice.random() < 0.2:
        chart.tell("A23", cancelled_at)
        return _faulty(chart, "cancel_admit")
    chart.tell("A11", cancelled_at)
    if cast.dice.random() < 0.4:
        chart.admitted_at = at + timedelta(minutes=cast.dice.choice((-50, -10, 20, 55)))
        chart.tell("A01", chart.admitted_at, recorded_at=cancelled_at + HOUR / 4)
        cast.discharge(chart, cast.after(cancelled_at, 24, 96), cast.home())
    return _faulty(chart, "cancel_admit")


def _only_an_emergency(cast: Cast, at: datetime) -> list[Visit]:
    """Admitted from the emergency department by mistake: the visit ends where it began."""
    chart = cast.admit(cast.dice.choice(ACUTE), "emergency", at)
    admitted_at = cast.after(at, 1, 6)
    chart.stay_class, chart.admitted_at = "inpatient", admitted_at
    chart.tell("A01", admitted_at)
    cancelled_at = cast.after(admitted_at, 1, 4)
    chart.tell("A11", cancelled_at)
    chart.stay_class, chart.admitted_at = "emergency", at
    cast.discharge(chart, cast.after(cancelled_at, 1, 5), "01")
    return _faulty(chart, "cancel_admit")


def cancel_discharge(cast: Cast, at: datetime) -> list[Visit]:
    """Discharged by mistake: A13, an update that still shows the dead time, and the discharge that was."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    left_at = cast.after(at, 24, 96)
    cast.discharge(chart, left_at, cast.home())
    again_at = cast.after(left_at, 1, 30)
    chart.tell("A13", again_at)
    if cast.dice.random() < 0.5:
        chart.tell("A08", again_at + HOUR / 3, stale_discharge=left_at)
    chart.tell("A03", done_at := cast.after(again_at, 8, 72), discharged_at=done_at, disposition=cast.home())
    return _faulty(chart, "cancel_discharge")


def wrong_admit_date(cast: Cast, at: datetime) -> list[Visit]:
    """Admitted a day or two before the truth, until an update says so."""
    chart = Chart(cast.person, cast.dice.choice(ACUTE), cast.number(), cast.dice, "inpatient", at)
    chart.admitted_at = at - cast.dice.choice((1, 2)) * DAY
    chart.tell("A01", at)
    chart.admitted_at = at
    corrected_at = cast.after(at, 2, 30)
    chart.tell("A08", corrected_at)
    cast.discharge(chart, cast.after(corrected_at, 12, 96), cast.home())
    return _faulty(chart, "wrong_admit_date")


def wrong_discharge_date(cast: Cast, at: datetime) -> list[Visit]:
    """Discharged a day before the truth, until an update says so."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    left_at, disposition = cast.after(at, 48, 7 * 24), cast.home()
    chart.tell("A03", left_at, discharged_at=left_at - cast.dice.choice((24, 24, 9)) * HOUR, disposition=disposition)
    chart.tell("A08", cast.after(left_at, 1, 60), discharged_at=left_at, disposition=disposition)
    return _faulty(chart, "wrong_discharge_date")


def wrong_patient(cast: Cast, at: datetime) -> list[Visit]:
    """Told of another member, before or until after the discharge; then the visit or its account is moved."""
    chart = Chart(cast.person, cast.dice.choice(ACUTE), cast.number(), cast.dice, "inpatient", at)
    chart.visit.other = adult(cast.person.number, "V", cast.dice, local_day(at, ZONE))
    chart.tell("A01", at, naming="victim")
    left_at, disposition = cast.after(at, 30, 96), cast.home()
    move = cast.dice.choice(("A45", "A44"))
    if cast.dice.random() < 0.6:
        chart.tell(move, cast.after(at, 2, 24))
        cast.discharge(chart, left_at, disposition)
    else:
        chart.tell("A03", left_at, discharged_at=left_at, disposition=disposition, naming="victim")
        chart.tell(move, cast.after(left_at, 2, 48))
    return _faulty(chart, "wrong_patient")


def merge(cast: Cast, at: datetime) -> list[Visit]:
    """Told under a second MRN that nobody knows, until A40 merges it; some senders go on using it."""
    chart = Chart(cast.person, cast.dice.choice(ACUTE), cast.number(), cast.dice, "inpatient", at)
    chart.tell("A01", at, naming="second")
    merged_at, left_at, disposition = cast.after(at, 2, 60), cast.after(at, 24, 120), cast.home()
    after = cast.dice.choice(("own", "second"))
    if merged_at < left_at:
        chart.tell("A40", merged_at)
    chart.tell("A03", left_at, discharged_at=left_at, disposition=disposition,
               naming=after if merged_at < left_at else "second")  # fmt: skip
    if merged_at >= left_at:
        chart.tell("A40", merged_at)
    return _faulty(chart, "merge")


def a08_storm(cast: Cast, at: datetime) -> list[Visit]:
    """Forty updates that say the same, some after the discharge."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    left_at, disposition = cast.after(at, 30, 72), cast.home()
    for n in range(1, 31):
        chart.tell("A08", at + (left_at - at) * n / 31)
    chart.tell("A03", left_at, discharged_at=left_at, disposition=disposition)
    for n in range(1, 11):
        chart.tell("A08", left_at + n * HOUR / 2, discharged_at=left_at, disposition=disposition)
    return _faulty(chart, "a08_storm")


def newborn(cast: Cast, at: datetime) -> list[Visit]:
    """A baby without a name under its mother's CIN; named and enrolled a few days later. Nobody's transition."""
    mother, dice = cast.person, cast.dice
    surname, number = mother.surname, mother.number
    baby = Person(number, "B", surname, "Robin", local_day(at, ZONE), dice.choice(SEXES))
    chart = Chart(baby, dice.choice(ACUTE), f"VB{number:07}01", dice, "inpatient", at)
    chart.visit.other, chart.visit.newborn, chart.visit.diagnoses = mother, True, ("Z3800",)
    chart.tell("A01", at, naming="mother")
    left_at, named_at = cast.after(at, 24, 80), cast.after(at, 12, 6 * 24)
    if named_at < left_at:
        chart.tell("A31", named_at)
    chart.tell(
        "A03", left_at, discharged_at=left_at, disposition="01", naming="own" if named_at < left_at else "mother"
    )
    if named_at >= left_at:
        chart.tell("A31", named_at)
    return [*delivery(cast, at - 6 * HOUR), *_faulty(chart, "newborn")]


def twins(cast: Cast, at: datetime) -> list[Visit]:
    """A twin told under the sibling's CIN, until an A31 has the right one."""
    sibling, dice = cast.person, cast.dice
    given = dice.choice([name for name in ("Avocet", "Kestrel", "Swift") if name[0] != sibling.given[0]])
    twin = Person(sibling.number, "T", sibling.surname, given, sibling.born, dice.choice(SEXES))
    chart = Chart(twin, dice.choice(ACUTE), f"VT{twin.number:07}01", dice, "inpatient", at)
    chart.visit.other = sibling
    chart.tell("A01", at, naming="sibling")
    chart.tell("A31", cast.after(at, 1, 40))
    cast.discharge(chart, cast.after(at, 48, 120), cast.home())
    return _faulty(chart, "twins")


def visit_reuse(cast: Cast, at: datetime) -> list[Visit]:
    """A hospital gives a visit number a second time, days after the first stay."""
    facility, number = cast.dice.choice(ACUTE), cast.number()
    found: list[Visit] = []
    for _ in range(2):
        chart = Chart(cast.person, facility, number, cast.dice, "inpatient", at)
        chart.tell("A01", at)
        cast.discharge(chart, left_at := cast.after(at, 20, 72), cast.home())
        found += _faulty(chart, "visit_reuse")
        at = cast.after(left_at, 72, 12 * 24)
    return found


def clock_change(cast: Cast, at: datetime) -> list[Visit]:
    """Admitted the day before the clocks change, and sent home in that night."""
    change = next_clock_change(at)
    assert change is not None
    chart = cast.admit(
        cast.dice.choice(ACUTE), "inpatient", max(at, change - timedelta(hours=cast.dice.randrange(12, 30)))
    )
    cast.discharge(chart, change + timedelta(minutes=cast.dice.randrange(-90, 180)), cast.home())
    return _faulty(chart, "clock_change")


def date_only(cast: Cast, at: datetime) -> list[Visit]:
    """A facility that writes dates without times, the morning after."""
    left_on = local_day(cast.after(at, 30, 96), ZONE)
    chart = Chart(cast.person, cast.dice.choice(ACUTE), cast.number(), cast.dice, "inpatient", at)
    chart.visit.as_dates = True
    chart.admitted_at = start_of_day(local_day(at, ZONE), ZONE)
    chart.tell("A01", at, recorded_at=at)
    over_at, next_morning = end_of_day(left_on, ZONE), start_of_day(left_on + DAY, ZONE) + 7 * HOUR
    chart.tell("A03", over_at, recorded_at=next_morning, discharged_at=over_at, disposition=cast.home())
    return _faulty(chart, "date_only")


def lost_discharge_a08(cast: Cast, at: datetime) -> list[Visit]:
    """No A03 ever comes; an update with PV1-45 does."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    left_at = cast.after(at, 24, 120)
    chart.tell("A08", cast.after(left_at, 1, 40), discharged_at=left_at, disposition=cast.home())
    return _faulty(chart, "lost_discharge_a08")


def reordered(cast: Cast, at: datetime) -> list[Visit]:
    """A plain, cancelled or reopened stay; its messages come in any order."""
    story = cast.dice.choice((inpatient, cancel_admit, _reopened))
    visits = story(cast, at)
    for visit in visits:
        visit.faults = {"reordered"}
    return visits


def _reopened(cast: Cast, at: datetime) -> list[Visit]:
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    left_at = cast.after(at, 24, 60)
    chart.tell("A03", left_at, discharged_at=left_at, disposition="01")
    again_at = cast.after(left_at, 1, 12)
    chart.tell("A13", again_at)
    chart.tell("A03", done_at := cast.after(again_at, 8, 40), discharged_at=done_at, disposition="06")
    return [chart.visit]


def unreadable(cast: Cast, at: datetime) -> list[Visit]:
    """A plain stay one of whose messages is garbled, and comes again rightly."""
    visits = inpatient(cast, at)
    visits[0].faults.add("unreadable")
    return visits


TROUBLES: dict[str, Story] = {
    story.__name__: story
    for story in (
        cancel_admit, cancel_discharge, wrong_admit_date, wrong_discharge_date, wrong_patient, merge, a08_storm,
        newborn, twins, visit_reuse, clock_change, date_only, lost_discharge_a08, reordered, unreadable,
    )
}  # fmt: skip
"""The faults that are stories of their own. The others befall the delivery of any story, or whole households."""


def next_clock_change(at: datetime) -> datetime | None:
    """The next instant within a year at which the clocks change in California, UTC."""
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    offset = hour.astimezone(ZONE).utcoffset()
    day = next((d for d in range(1, 366) if (hour + d * DAY).astimezone(ZONE).utcoffset() != offset), None)
    if day is None:
        return None
    hour += (day - 1) * DAY
    while hour.astimezone(ZONE).utcoffset() == offset:
        hour += HOUR
    return hour


def _faulty(chart: Chart, fault: str) -> list[Visit]:
    chart.visit.faults.add(fault)
    return [chart.visit]
