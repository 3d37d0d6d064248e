"""A household of a measured world: a calmer life whose diagnoses matter, with its claims, fills and results."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from models.time import local_day, start_of_day
from services.simulation.aftercare import (
    EMERGENCY_DIAGNOSES,
    after_stays,
    ecm_deeds,
    elsewhere_in_an_emergency,
    notices,
)
from services.simulation.assigning import is_assigned_within, measured_first_row, measured_rows
from services.simulation.believing import Belief, believe
from services.simulation.billing import OTHER_DIAGNOSES, Biller, billed
from services.simulation.chronicle import Chronicle
from services.simulation.claims import Claim
from services.simulation.clinic import Clinic, Health
from services.simulation.codes import NO_VISIT, OFFICE, RECONCILIATION, TRANSITION
from services.simulation.deeds import OTHER_CODE, RECONCILED_CODE, VISIT_CODE, Deed, deeds_for
from services.simulation.dossier import DAY, Diary, Dossier
from services.simulation.household import OPENING, Maker
from services.simulation.occasions import EXPIRED
from services.simulation.pharmacy import Pharmacy
from services.simulation.places import ZONE
from services.simulation.roster import Row
from services.simulation.stories import inpatient
from services.simulation.telling import Visit

_HOSPICE = "50"
_PSYCHIATRIC = (("F329",), ("F209",), ("F331",))
_ACUTE = (
    *((code,) for code in OTHER_DIAGNOSES), ("N179",), ("K922",), ("L03115",), ("F329",), ("Z5111", "C3490"),
    ("S610", "T1491XA"),
)  # fmt: skip


class MeasuredMaker(Maker):
    """Makes a household whose life measures look at. Stories begin in the morning, so that an emergency visit ends on
    the day it began: on which of two days one counts, nobody says.
    """

    def _first_row(self, at: datetime) -> Row:
        return measured_first_row(self._dice, at, local_day(self._recipe.begins_at, ZONE))

    def _rows(self, first: Row) -> list[Row]:
        return measured_rows(self._dice, first, self._recipe.begins_at + OPENING, self._recipe.ends_at)

    def _gap_hours(self) -> int:
        dice = self._dice
        return super()._gap_hours() + (dice.randrange(20 * 24, 220 * 24) if dice.random() < 0.7 else 0)

    def _story(self, at: datetime) -> list[Visit]:
        at = start_of_day(local_day(at, ZONE) + DAY, ZONE) + timedelta(minutes=self._dice.randrange(360, 540))
        if self._may_be_lost():
            visits = inpatient(self._cast, at)
            visits[0].faults.add("adt_lost")
        else:
            visits = super()._story(at)
        for visit in visits:
            _diagnose(visit, self._dice)
            self._soften(visit)
        return visits

    def _may_be_lost(self) -> bool:
        """Only a member's first stay: whether one known from its claim ends what followed from others, nobody says."""
        own = self._chronicles[self._cast.person.member_id]
        return "adt_lost" in self._recipe.faults and not own.visits and not own.lost and self._dice.random() < 0.2

    def _soften(self, visit: Visit) -> None:
        """Nobody goes to hospice without a bill for it; who is assigned within the story lives."""
        lives = is_assigned_within(self._chronicles[self._cast.person.member_id].rows)
        for telling in visit.script:
            if telling.disposition == _HOSPICE:
                telling.disposition = "62"
            elif telling.disposition in EXPIRED and lives:
                telling.disposition = "01"

    def _take(self, visits: list[Visit]) -> None:
        lost = [visit for visit in visits if "adt_lost" in visit.faults]
        for visit in lost:
            for telling in visit.script:
                telling.told_at = telling.recorded_at
            if visit.script[-1].recorded_at < self._recipe.ends_at:
                self._chronicles[visit.person.member_id].lost.append(visit)
        super()._take([visit for visit in visits if visit not in lost])

    def _care_for(self, chronicle: Chronicle, stays: list[Belief]) -> None:
        recipe, dice = self._recipe, self._dice
        stays = stays + [b for visit in chronicle.lost if (b := believe(visit, recipe.told_by))]
        diary = _diary(chronicle, stays, recipe.begins_at, recipe.ends_at)
        biller = Biller(dice, recipe.faults)
        pays_until = chronicle.rows[-1].covered_to or diary.last
        if len({row.plan for row in chronicle.rows}) > 1:
            pays_until = diary.first  # how a change of plan cuts a treatment, nobody says
        pharmacy = Pharmacy(dice, recipe.faults, diary, pays_until)
        dossier = Dossier()
        deeds = deeds_for([b for b in stays if b.visit not in chronicle.lost], dice, recipe.ends_at, claims=True)
        deeds += [*notices(stays, dice), *ecm_deeds(chronicle.rows, dice)]
        dossier.claims += [_claim(deed) for deed in deeds if deed.what == "claim"]
        self._bill(chronicle, stays, biller, dossier)
        health = Health.cast(dice)
        clinic = Clinic(dice, recipe.faults, health, biller, diary)
        self._emergencies(stays, health, clinic, biller, dossier)
        after_stays(stays, dice, biller, pharmacy, diary, dossier)
        elsewhere_in_an_emergency(dice, biller, diary, dossier)
        clinic.attend(dossier)
        pharmacy.dispense(health, dossier)
        for deed in deeds:
            if deed.what != "claim" and deed.at < recipe.ends_at:
                self._tell_deed(chronicle, deed)
        self._tell(chronicle, dossier)

    def _bill(self, chronicle: Chronicle, stays: list[Belief], biller: Biller, dossier: Dossier) -> None:
        """Most stays have a bill of the facility, and some of a physician; a lost one has exactly one."""
        dice = self._dice
        for stay in billed(stays):
            if stay.visit in chronicle.lost:
                claim = biller.stay(stay)[-1]
                dossier.claims.append(replace(claim, faults=claim.faults | {"adt_lost"}))
            elif dice.random() < 0.8:
                dossier.claims += biller.stay(stay)
            if dice.random() < 0.5:
                dossier.claims += biller.ward_round(stay)

    def _emergencies(
        self, stays: list[Belief], health: Health, clinic: Clinic, biller: Biller, dossier: Dossier
    ) -> None:
        """Bills of emergency visits that a hospital told of, and what was measured there."""
        dice = self._dice
        for stay in (each for each in stays if each.stay_class == "emergency" and each.legs):
            day = local_day(stay.legs[0].at, ZONE)
            if health.hypertension:
                clinic.in_emergency(day, dossier)
            if dice.random() < 0.7:
                dossier.claims += biller.visit(
                    day, ("99284",), stay.visit.diagnoses, "", bill_type="131", revenue=("0450",)
                )

    def _tell(self, chronicle: Chronicle, dossier: Dossier) -> None:
        """Deliver every row, and keep those that come before the end."""
        person, post, end = chronicle.person, self._post, self._recipe.told_by
        member_id = person.member_id
        for claim in dossier.claims:
            post.put(claim.received_at, "sim-claims", "claims", claim.body(member_id), claim.faults)
        for fill in dossier.fills:
            post.put(fill.received_at, "sim-pharmacy", "fills", fill.body(member_id), fill.faults)
        for result in dossier.results:
            post.put(result.received_at, *result.told(person), result.faults)
        chronicle.dossier = Dossier(
            [claim for claim in dossier.claims if claim.received_at <= end],
            [fill for fill in dossier.fills if fill.received_at <= end],
            [result for result in dossier.results if result.received_at <= end],
        )
        chronicle.deeds += [claim.as_deed() for claim in chronicle.dossier.claims]
        chronicle.faults |= chronicle.dossier.faults


def _diagnose(visit: Visit, dice: Random) -> None:
    """Diagnoses by what kind of stay it ended as; births keep theirs."""
    if visit.newborn or visit.diagnoses[0][0] == "O":
        return
    match visit.script[-1].stay_class:
        case "emergency":
            visit.diagnoses = dice.choice(EMERGENCY_DIAGNOSES)
        case "inpatient" if visit.facility.setting == "psych":
            visit.diagnoses = dice.choice(_PSYCHIATRIC)
        case "inpatient":
            visit.diagnoses = dice.choice(_ACUTE)
        case _:
            visit.diagnoses = (dice.choice(OTHER_DIAGNOSES),)


def _diary(chronicle: Chronicle, stays: list[Belief], begins_at: datetime, ends_at: datetime) -> Diary:
    last = local_day(ends_at, ZONE) - DAY
    died = [stay.discharged_at for stay in stays if stay.discharged_at and stay.disposition in EXPIRED]
    last = min([last, *(local_day(at, ZONE) for at in died)])
    first = max(local_day(begins_at, ZONE), chronicle.rows[0].covered_from)
    return Diary(stays, first, last)


def _claim(deed: Deed) -> Claim:
    """A visit of any world, in real codes; the number of the claim says which, so that its rows agree."""
    number = int("".join(filter(str.isdigit, deed.claim_id)))
    code = {VISIT_CODE: (*OFFICE, TRANSITION)[number % 3], RECONCILED_CODE: RECONCILIATION, OTHER_CODE: NO_VISIT}[
        deed.code
    ]
    return Claim(deed.claim_id, deed.received_at, deed.day, deed.day, deed.status, (code,), ("Z71.9",), "11")
