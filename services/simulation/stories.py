"""What happens to people in hospitals when nothing goes wrong with the telling."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from services.simulation.charting import Chart
from services.simulation.people import Person
from services.simulation.places import ACUTE, EMERGENCY, NURSING, PSYCHIATRIC, Facility
from services.simulation.telling import StayClass, Visit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PREGNANCY = ("O80", "Z370")
_DIAGNOSES = (("J189",), ("I509", "E1165"), ("N179",), ("A419", "J189"), ("K922",), ("L03115",), ("F329",))
_HOME = ("01", "01", "01", "06", "", "81")


@dataclass(slots=True)
class Cast:
    """Whom a story is about, and what it may use.

    Args:
        ends_at: nothing is recorded from here on; a story may be cut there.
    """

    person: Person
    dice: Random
    ends_at: datetime
    visits_so_far: int = 0

    def number(self) -> str:
        """A fresh visit number."""
        self.visits_so_far += 1
        return f"V{self.person.role}{self.person.number:07}{self.visits_so_far:02}"

    def admit(self, facility: Facility, stay_class: StayClass, at: datetime) -> Chart:
        """A chart whose first message is on it: A04 for emergency and observation, else A01."""
        chart = Chart(self.person, facility, self.number(), self.dice, stay_class, at)
        chart.visit.diagnoses = self.dice.choice(_DIAGNOSES)
        chart.tell("A04" if stay_class in ("emergency", "observation") else "A01", at)
        return chart

    def after(self, at: datetime, hours_min: float, hours_max: float) -> datetime:
        """A moment between so many hours later."""
        return at + timedelta(seconds=self.dice.randrange(int(hours_min * 3600), int(hours_max * 3600)))

    def home(self) -> str:
        """A disposition that sends the member home."""
        return self.dice.choice(_HOME)

    def discharge(self, chart: Chart, at: datetime, disposition: str) -> None:
        """An update on the way, perhaps, and the A03."""
        start = chart.visit.script[-1].recorded_at
        if self.dice.random() < 0.4 and at - start > 2 * HOUR:
            chart.tell("A08", start + (at - start) / 2)
        chart.tell("A03", at, discharged_at=at, disposition=disposition)


Story = Callable[[Cast, datetime], list[Visit]]


def inpatient(cast: Cast, at: datetime) -> list[Visit]:
    """Admitted, and home after some days."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    cast.discharge(chart, cast.after(at, 14, 7 * 24), cast.home())
    return [chart.visit]


def psychiatric(cast: Cast, at: datetime) -> list[Visit]:
    """The same in a psychiatric hospital."""
    chart = cast.admit(PSYCHIATRIC[0], "inpatient", at)
    cast.discharge(chart, cast.after(at, 24, 9 * 24), cast.home())
    return [chart.visit]


def emergency(cast: Cast, at: datetime) -> list[Visit]:
    """Treated and released."""
    chart = cast.admit(cast.dice.choice((*ACUTE, *EMERGENCY)), "emergency", at)
    cast.discharge(chart, cast.after(at, 1, 11), "01")
    return [chart.visit]


def emergency_to_inpatient(cast: Cast, at: datetime) -> list[Visit]:
    """Admitted from the emergency department: one stay, told by A06 or A01, under one number or two."""
    chart = cast.admit(cast.dice.choice(ACUTE), "emergency", at)
    _climb(cast, chart, cast.after(at, 1, 14))
    return [chart.visit]


def observation(cast: Cast, at: datetime) -> list[Visit]:
    """Watched, and home."""
    chart = cast.admit(cast.dice.choice(ACUTE), "observation", at)
    cast.discharge(chart, cast.after(at, 6, 40), cast.home())
    return [chart.visit]


def observation_to_inpatient(cast: Cast, at: datetime) -> list[Visit]:
    """Watched, then admitted."""
    chart = cast.admit(cast.dice.choice(ACUTE), "observation", at)
    _climb(cast, chart, cast.after(at, 5, 30))
    return [chart.visit]


def _climb(cast: Cast, chart: Chart, at: datetime) -> None:
    """The admission, then the discharge. Some senders leave the arrival in PV1-44."""
    dice, arrived_at, number = cast.dice, chart.admitted_at, chart.number
    chart.stay_class = "inpatient"
    if dice.random() < 0.6:
        chart.admitted_at = at
    if dice.random() < 0.5:
        if dice.random() < 0.4:
            chart.number = cast.number()
        chart.tell("A06", at, old_number=number if chart.number != number else "")
    else:
        chart.admitted_at = at
        chart.tell("A01", at)
        if dice.random() < 0.3:
            chart.admitted_at = arrived_at
    cast.discharge(chart, cast.after(at, 20, 7 * 24), cast.home())


def reversed_to_observation(cast: Cast, at: datetime) -> list[Visit]:
    """The admission is taken back: it was observation all along."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    chart.stay_class = "observation"
    back_at = cast.after(at, 2, 30)
    chart.tell("A07", back_at)
    cast.discharge(chart, cast.after(back_at, 3, 20), cast.home())
    return [chart.visit]


def transferred(cast: Cast, at: datetime) -> list[Visit]:
    """Sent on from one hospital to another, and home from there."""
    one, other = cast.dice.sample(ACUTE, 2)
    first = cast.admit(one, "inpatient", at)
    left_at = cast.after(at, 12, 96)
    cast.discharge(first, left_at, "02")
    arrived_at = cast.after(left_at, 1, 5)
    second = cast.admit(other, "inpatient", arrived_at)
    cast.discharge(second, cast.after(arrived_at, 24, 6 * 24), cast.home())
    return [first.visit, second.visit]


def to_nursing_home(cast: Cast, at: datetime) -> list[Visit]:
    """From hospital to a nursing home, and home from there, or still in the nursing home."""
    first = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    left_at = cast.after(at, 24, 6 * 24)
    cast.discharge(first, left_at, "03")
    arrived_at = cast.after(left_at, 1, 6)
    second = cast.admit(cast.dice.choice(NURSING), "snf", arrived_at)
    cast.discharge(second, cast.after(arrived_at, 6 * 24, 25 * 24), cast.home())
    return [first.visit, second.visit]


def leave_of_absence(cast: Cast, at: datetime) -> list[Visit]:
    """A nursing home holds the bed while its resident is in hospital, which sends the resident back there."""
    home = cast.admit(cast.dice.choice(NURSING), "snf", at)
    left_at = cast.after(at, 48, 8 * 24)
    home.tell("A21", left_at)
    arrived_at = cast.after(left_at, 1, 4)
    hospital = cast.admit(cast.dice.choice(ACUTE), "inpatient", arrived_at)
    over_at = cast.after(arrived_at, 20, 4 * 24)
    cast.discharge(hospital, over_at, "03")
    back_at = cast.after(over_at, 1, 5)
    home.tell("A22", back_at)
    cast.discharge(home, cast.after(back_at, 48, 9 * 24), cast.home())
    return [home.visit, hospital.visit]


def planned(cast: Cast, at: datetime) -> list[Visit]:
    """Pre-admitted, then admitted as planned, more or less."""
    chart = _plan(cast, at)
    admitted_at = chart.admitted_at = cast.after(at, 30, 6 * 24)
    chart.tell("A01", admitted_at)
    cast.discharge(chart, cast.after(admitted_at, 20, 5 * 24), cast.home())
    return [chart.visit]


def planned_and_dropped(cast: Cast, at: datetime) -> list[Visit]:
    """Pre-admitted, and the plan cancelled."""
    chart = _plan(cast, at)
    chart.tell("A38", cast.after(at, 4, 60), expected_at=chart.visit.script[0].expected_at)
    return [chart.visit]


def _plan(cast: Cast, at: datetime) -> Chart:
    chart = Chart(cast.person, cast.dice.choice(ACUTE), cast.number(), cast.dice, "inpatient", None)
    chart.tell("A05", at, expected_at=(at + cast.dice.randrange(2, 8) * DAY).replace(minute=0, second=0))
    return chart


def against_advice(cast: Cast, at: datetime) -> list[Visit]:
    """Left against medical advice."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    cast.discharge(chart, cast.after(at, 6, 72), "07")
    return [chart.visit]


def death(cast: Cast, at: datetime) -> list[Visit]:
    """Died in hospital."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    cast.discharge(chart, cast.after(at, 8, 6 * 24), cast.dice.choice(("20", "41")))
    return [chart.visit]


def elsewhere(cast: Cast, at: datetime) -> list[Visit]:
    """Discharged to where no follow-up at home begins: hospice, law enforcement, a rehabilitation facility."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    cast.discharge(chart, cast.after(at, 24, 6 * 24), cast.dice.choice(("50", "21", "62", "90")))
    return [chart.visit]


def delivery(cast: Cast, at: datetime) -> list[Visit]:
    """A birth: the mother's stay."""
    chart = cast.admit(cast.dice.choice(ACUTE), "inpatient", at)
    chart.visit.diagnoses = PREGNANCY
    cast.discharge(chart, cast.after(at, 24, 84), cast.home())
    return [chart.visit]


STORIES: dict[Story, int] = {
    inpatient: 24, psychiatric: 5, emergency: 18, emergency_to_inpatient: 13, observation: 6,
    observation_to_inpatient: 5, reversed_to_observation: 4, transferred: 7, to_nursing_home: 7, leave_of_absence: 3,
    planned: 6, planned_and_dropped: 3, against_advice: 4, death: 2, elsewhere: 3,
}  # fmt: skip
"""Each story and its weight; `delivery` is for women of an age to give birth."""
