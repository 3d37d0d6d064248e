"""The clinic: long conditions, with their visits and results; and what goes wrong with results."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from services.simulation.billing import Biller
from services.simulation.codes import OFFICE, PSYCHOTHERAPY, TELEPHONE
from services.simulation.dossier import DAY, Diary, Dossier, morning
from services.simulation.results import Result, Test

HYPERTENSION, DIABETES, BIPOLAR, KIDNEYS, DEPRESSION = "I10", "E11.9", "F31.9", "N18.6", "F33.1"


@dataclass(frozen=True, slots=True)
class Health:
    """What a member lives with."""

    hypertension: bool
    diabetes: bool
    bipolar: bool
    kidneys: bool
    high_lipids: bool
    hospice: bool

    @classmethod
    def cast(cls, dice: Random) -> "Health":
        """Some have much, most have something."""
        chances = (0.4, 0.3, 0.03, 0.03, 0.3, 0.02)
        return cls(*(dice.random() < chance for chance in chances))

    def diagnoses(self, dice: Random) -> tuple[str, ...]:
        """What one visit's bill says of it."""
        held = ((self.hypertension, HYPERTENSION), (self.diabetes, DIABETES), (self.bipolar, BIPOLAR))
        found = [code for has, code in held if has and dice.random() < 0.8]
        if self.kidneys:
            found.insert(0, KIDNEYS)
        return tuple(found) or ("Z71.9",)


class Clinic:
    """Visits of one member over the years, into a dossier."""

    def __init__(self, dice: Random, faults: frozenset[str], health: Health, biller: Biller, diary: Diary) -> None:
        self._dice, self._faults, self._health = dice, faults, health
        self._biller, self._diary = biller, diary
        self._count = 0

    def attend(self, dossier: Dossier) -> None:
        """A visit every month to every half a year."""
        dice, day = self._dice, self._diary.free_from(self._diary.first + self._dice.randrange(5, 90) * DAY)
        while day:
            self._visit(day, dossier)
            day = self._diary.free_from(day + dice.choice((30, 45, 60, 90, 120)) * DAY)
        if not self._health.diabetes and dice.random() < 0.1:
            self._ruled_out(dossier)
        if self._health.hospice:
            self._hospice(dossier)

    def in_emergency(self, day: date, dossier: Dossier) -> None:
        """A blood pressure taken in an emergency department, which says so: no measure of control counts it."""
        told = self._told(day, "blood_pressure", self._pressure(high=self._dice.random() < 0.5))
        dossier.results += [replace(result, in_emergency=True) for result in told]

    def _visit(self, day: date, dossier: Dossier) -> None:
        dice, health = self._dice, self._health
        place, code = dice.choice((("11", OFFICE[0]), ("11", OFFICE[1]), ("10", TELEPHONE)))
        dossier.claims += self._biller.visit(day, (code,), health.diagnoses(dice), place)
        if health.hypertension and dice.random() < 0.8:
            high = dice.random() < 0.4
            dossier.results += self._told(day, "blood_pressure", self._pressure(high=high))
            if dice.random() < 0.1:
                dossier.results += self._told(day, "blood_pressure", self._pressure(high=not high), hour=3)
        if health.diabetes and dice.random() < 0.6:
            dossier.results += self._told(day, "hba1c", (dice.choice((5.9, 6.8, 7.5, 7.9, 8.0, 8.6, 9.0, 9.4, 11.2)),))
        if dice.random() < 0.25:
            self._questionnaire(day, dossier)

    def _pressure(self, *, high: bool) -> tuple[float, float]:
        dice = self._dice
        if not high:
            return (dice.choice((118, 132, 139)), dice.choice((70, 84, 89)))
        return dice.choice(((140, 84), (152, 92), (136, 90), (168, 101)))

    def _questionnaire(self, day: date, dossier: Dossier) -> None:
        """PHQ-2, and PHQ-9 after a positive one, the same day or never; then a follow-up, in time or late or never."""
        dice = self._dice
        if dice.random() < 0.3:
            score, positive = dice.choice(((4, False), (9, False), (10, True), (17, True)))
            dossier.results += self._told(day, "phq9", (score,))
        else:
            brief = dice.choice((0, 1, 2, 3, 4, 6))
            dossier.results += self._told(day, "phq2", (brief,))
            positive = brief >= 3
            if positive and dice.random() < 0.5:
                dossier.results += self._told(day, "phq9", (dice.choice((5, 9, 12)),), hour=1)
        if positive and dice.random() < 0.7:
            on = self._diary.free_from(day + dice.choice((1, 9, 29, 30, 31, 40)) * DAY)
            if on:
                dossier.claims += self._biller.visit(on, (PSYCHOTHERAPY,), (DEPRESSION,), dice.choice(("11", "02")))

    def _told(self, day: date, test: Test, values: tuple[float, ...], hour: int = 0) -> Iterator[Result]:
        """A result with whatever becomes of it; who has HbA1c measured far from a limit may have it in mmol/mol."""
        dice = self._dice
        self._count += 1
        at = morning(day) + timedelta(hours=hour, minutes=dice.randrange(50))
        received_at = at + timedelta(minutes=dice.randrange(10, 3 * 1440))
        result = Result(f"{test.replace('_', '')}{self._count}", received_at, at, test, values)
        near_limit = any(abs(values[0] - limit) < 0.3 for limit in (8.0, 9.0))
        if test == "hba1c" and not near_limit and self._befalls("foreign_unit", 0.3):
            result = replace(result, in_mmol=True, faults=frozenset({"foreign_unit"}))
        later = received_at + timedelta(minutes=dice.randrange(1440, 20 * 1440))
        if self._befalls("corrected_result", 0.06):
            wrong = _other(test, values)
            yield replace(result, values=wrong)
            yield replace(result, received_at=later, state="corrected", faults=result.faults | {"corrected_result"})
            return
        yield result
        if self._befalls("repeated_result", 0.08):
            yield replace(result, faults=result.faults | {"repeated_result"})
        elif self._befalls("withdrawn_result", 0.06):
            yield replace(result, received_at=later, state="withdrawn", faults=result.faults | {"withdrawn_result"})

    def _befalls(self, fault: str, chance: float) -> bool:
        return fault in self._faults and self._dice.random() < chance

    def _ruled_out(self, dossier: Dossier) -> None:
        """A laboratory bills for what it was to rule out: no diagnosis of the member."""
        for days in (40, 70):
            day = self._diary.free_from(self._diary.first + days * DAY)
            if day:
                dossier.claims += self._biller.visit(day, ("83036",), (DIABETES,), "81")

    def _hospice(self, dossier: Dossier) -> None:
        """Hospice care at home, for a month."""
        span = max((self._diary.last - self._diary.first).days, 2)
        day = self._diary.free_from(self._diary.first + self._dice.randrange(1, span) * DAY)
        for n in range(4):
            on = self._diary.free_from(day + n * 7 * DAY) if day else None
            if on:
                dossier.claims += self._biller.visit(on, ("Q5003",), ("Z71.9",), "12")


def _other(test: Test, values: tuple[float, ...]) -> tuple[float, ...]:
    """What was written at first."""
    match test:
        case "blood_pressure":
            return (values[0] + 25, values[1] + 15)
        case "hba1c":
            return (12.9,)
    return (2.0,) if values[0] > 5 else (6.0,)
