"""The pharmacy: refills early, in time and late, another drug beside, combinations, fills taken back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from services.simulation.clinic import Health
from services.simulation.dossier import DAY, Diary, Dossier, morning
from services.simulation.fills import Fill

_DIABETES = ("metformin", "glipizide", "empagliflozin")
_PRESSURE = ("lisinopril", "losartan", "lisinopril/hydrochlorothiazide")
_LIPIDS = ("atorvastatin", "rosuvastatin", "amlodipine/atorvastatin")
CRAVING = ("naltrexone", "buprenorphine/naloxone")
"""Drugs for alcohol and opioid use."""


class Pharmacy:
    """One member's fills.

    Args:
        until: no fill is made later: the plan pays no longer.
    """

    def __init__(self, dice: Random, faults: frozenset[str], diary: Diary, until: date) -> None:
        self._dice, self._faults, self._diary, self._until = dice, faults, diary, until
        self._count = 0

    def dispense(self, health: Health, dossier: Dossier) -> None:
        """Everything that a member takes for long."""
        dice = self._dice
        for needs, drugs in (
            (health.diabetes, _DIABETES),
            (health.hypertension, _PRESSURE),
            (health.high_lipids, _LIPIDS),
        ):
            if needs and dice.random() < 0.8:
                dossier.fills += self._series(dice.choice(drugs))
                if dice.random() < 0.2:
                    dossier.fills += self._series(dice.choice(drugs[:2]))
        if health.diabetes and dice.random() < 0.06:
            dossier.fills += self._series("insulin glargine")
        if health.hypertension and dice.random() < 0.05:
            dossier.fills += self._series("sacubitril/valsartan")

    def once(self, drug: str, day: date) -> Iterator[Fill]:
        """One fill, if the member is there."""
        if self._diary.is_free(day) and day <= self._until:
            yield from self._fill(drug, day, 30)

    def _series(self, drug: str) -> Iterator[Fill]:
        """As diligently as the member is; some stop for good."""
        dice = self._dice
        supply, carelessness = dice.choice((30, 30, 90)), dice.choice((0, 0, 4, 20))
        day: date | None = self._diary.first + dice.randrange(3, 200) * DAY
        while day and (day := self._diary.free_from(day)) and day <= self._until:
            yield from self._fill(drug, day, supply)
            if dice.random() < 0.04:
                return
            day += max(supply + dice.choice((-7, -2, 0, 0, 2, carelessness)), 5) * DAY

    def _fill(self, drug: str, day: date, supply: int) -> Iterator[Fill]:
        dice = self._dice
        self._count += 1
        received_at = morning(day) + timedelta(minutes=dice.randrange(60, 3 * 1440))
        fill = Fill(f"F{self._count}", received_at, day, drug, supply)
        yield fill
        if "reversed_fill" in self._faults and dice.random() < 0.06:
            again_at = received_at + timedelta(minutes=dice.randrange(1440, 15 * 1440))
            yield replace(fill, received_at=again_at, status="reversed", faults=frozenset({"reversed_fill"}))
