"""What follows stays and emergency visits where measures look: notices, reconciliation, behavioural follow-up."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from models.time import local_day
from services.simulation.assigning import is_assigned_within
from services.simulation.believing import Belief
from services.simulation.billing import Biller
from services.simulation.claims import Claim
from services.simulation.codes import OFFICE, PSYCHOTHERAPY, RECONCILIATION, among
from services.simulation.deadlines import BEDS
from services.simulation.deeds import Deed
from services.simulation.dossier import DAY, Diary, Dossier, morning
from services.simulation.pharmacy import CRAVING, Pharmacy
from services.simulation.places import ZONE
from services.simulation.roster import Row

_MENTAL, _CRAVING = "F33.1", "F10.20"
EMERGENCY_DIAGNOSES = (
    ("F329",), ("F411",), ("F1020",), ("T401X1A",), ("S610", "T1491XA"), ("J069",), ("R079",), ("K529",),
)  # fmt: skip


def after_stays(
    stays: Sequence[Belief], dice: Random, biller: Biller, pharmacy: Pharmacy, diary: Diary, dossier: Dossier
) -> None:
    """Bills and fills after discharges and emergency visits."""
    for stay in stays:
        if not stay.legs or stay.discharged_at is None:
            continue
        over_on = local_day(stay.discharged_at, ZONE)
        if stay.stay_class in BEDS and dice.random() < 0.3:
            dossier.claims += _on(
                over_on + dice.choice((0, 1, 12, 30, 31)) * DAY, (RECONCILIATION,), "Z71.9", biller, diary
            )
        if among(stay.visit.diagnoses, "mental-illness", "intentional-self-harm"):
            _followed_up(over_on, _MENTAL, dice, biller, diary, dossier)
        if among(stay.visit.diagnoses, "substance-use-disorder", "drug-overdose"):
            _followed_up(over_on, _CRAVING, dice, biller, diary, dossier)
            if dice.random() < 0.3:
                dossier.fills += pharmacy.once(dice.choice(CRAVING), over_on + dice.choice((2, 7, 8, 30, 33)) * DAY)


def _followed_up(over_on: date, diagnosis: str, dice: Random, biller: Biller, diary: Diary, dossier: Dossier) -> None:
    """A visit that counts, or one that lacks the diagnosis or the setting that it needs."""
    if dice.random() < 0.3:
        return
    day = over_on + dice.choice((0, 1, 4, 7, 8, 20, 30, 31)) * DAY
    code, named, place, specialty = dice.choice((
        (PSYCHOTHERAPY, diagnosis, "11", ""), (PSYCHOTHERAPY, diagnosis, "02", ""), (OFFICE[0], diagnosis, "11", ""),
        (PSYCHOTHERAPY, "Z71.9", "11", ""), (PSYCHOTHERAPY, "Z71.9", "11", "clinical_psychology"),
        (OFFICE[1], "Z71.9", "11", "psychiatry"), ("97110", diagnosis, "11", ""),
    ))  # fmt: skip
    dossier.claims += _on(day, (code,), named, biller, diary, place, specialty)


def _on(
    day: date,
    codes: tuple[str, ...],
    diagnosis: str,
    biller: Biller,
    diary: Diary,
    place: str = "11",
    specialty: str = "",
) -> list[Claim]:
    if not diary.first <= day <= diary.last:
        return []
    return biller.visit(day, codes, (diagnosis,), place, specialty)


def elsewhere_in_an_emergency(dice: Random, biller: Biller, diary: Diary, dossier: Dossier) -> None:
    """Emergency visits to hospitals that tell no exchange: only claims know of them."""
    for _ in range(dice.choices((0, 1, 3), (6, 3, 1))[0]):
        span = (diary.last - diary.first).days
        day = diary.free_from(diary.first + dice.randrange(1, max(span, 2)) * DAY)
        if day is None:
            continue
        diagnoses = dice.choice(EMERGENCY_DIAGNOSES)
        if dice.random() < 0.5:
            dossier.claims += biller.visit(day, ("99284",), diagnoses, bill_type="131", revenue=("0450",), place="")
        else:
            dossier.claims += biller.visit(day, ("99283",), diagnoses, "23")
        if among(diagnoses, "mental-illness", "intentional-self-harm"):
            _followed_up(day, _MENTAL, dice, biller, diary, dossier)
        if among(diagnoses, "substance-use-disorder", "drug-overdose"):
            _followed_up(day, _CRAVING, dice, biller, diary, dossier)


def notices(stays: Sequence[Belief], dice: Random) -> Iterator[Deed]:
    """Somebody outside the hospital hears of an admission, in time or not."""
    for stay in stays:
        if stay.stay_class in BEDS and stay.legs and stay.admitted_at and dice.random() < 0.6:
            at = stay.admitted_at + timedelta(minutes=dice.randrange(5, 5 * 1440))
            yield _deed("notification_delivered", at, dice, to=dice.choice(("pcp", "ongoing_provider", "pcp")))


def ecm_deeds(rows: Sequence[Row], dice: Random) -> Iterator[Deed]:
    """Outreach to who is assigned within the story, care plans of who is enrolled, surveys."""
    if not is_assigned_within(list(rows)):
        return
    assigned = next(row for row in rows if row.status == "assigned")
    for days in sorted({dice.choice((0, 2, 5, 9, 10, 11, 20, 40)) for _ in range(dice.choice((0, 1, 2, 3)))}):
        on = local_day(assigned.received_at, ZONE) + days * DAY
        mode = dice.choice(("phone", "text", "email", "in_person", "mass_mail", "robocall", "letter"))
        outcome = "sent" if mode in ("mass_mail", "letter") else dice.choice(("no_answer", "reached", "voicemail"))
        yield _deed("outreach_attempt", morning(on) + 4 * DAY / 24, dice, outcome=outcome, mode=mode)
    enrolled = next((row.ecm_from for row in rows if row.ecm_from), None)
    if enrolled and dice.random() < 0.8:
        on = enrolled + dice.choice((0, 20, 60, 89, 90, 91, 110)) * DAY
        yield _deed("care_plan_completed", morning(on), dice)
    if enrolled and dice.random() < 0.5:
        on = enrolled + dice.randrange(30, 90) * DAY
        yield _deed("survey", morning(on), dice, outcome=dice.choice(("top_box", "other")))


def _deed(what: str, at: datetime, dice: Random, *, outcome: str = "", to: str = "", mode: str = "") -> Deed:
    at = at.replace(microsecond=0)
    return Deed(what, at, at + timedelta(minutes=dice.randrange(1, 2 * 1440)), outcome=outcome, to=to, mode=mode)
