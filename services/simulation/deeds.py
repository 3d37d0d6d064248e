"""What people do for members, and the rows that tell of it: contacts, notices, assessments, notes, claims."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from models.time import local_day
from services.simulation.believing import Belief, Happening
from services.simulation.deadlines import BEDS
from services.simulation.places import ZONE, table

CARE_HEADER = ("member_id", "occurred_at", "type", "actor_id", "mode", "outcome", "detail")
CLAIM_HEADER = (
    "claim_id", "member_id", "service_from", "service_to", "place_of_service", "procedure_codes", "diagnosis_codes",
    "status",
)  # fmt: skip
VISITS = "outpatient-or-telehealth"
"""The value set of visits, as the shipped rules name it."""
VISIT_CODE, RECONCILED_CODE, TRANSITION_CODE, OTHER_CODE = "SIMV1", "SIMR1", "SIMT1", "SIMX1"
"""Made-up procedure codes: a visit, a medication reconciliation, transitional care, which nobody bills, and others."""
OUTSIDE = ("pcp", "ongoing_provider")
"""Who hears of an admission outside the hospital; told in `mode`."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done at `at`, known since `received_at`.

    Args:
        what: type of the care event, or `claim`. to: who was told (notices). rule, action: of a task note.
        claim_id, code, status: of a claim; the newest row of a claim counts, and its `at` is the local day; several
            codes have a semicolon between them. mode: how, where that matters.
    """

    what: str
    at: datetime
    received_at: datetime
    outcome: str = ""
    to: str = ""
    rule: str = ""
    action: str = ""
    claim_id: str = ""
    code: str = ""
    status: str = ""
    mode: str = ""

    @property
    def day(self) -> date:
        """The local day on which it was done."""
        return local_day(self.at, ZONE)

    def row(self, member_id: str, claim_id: str, dice: Random) -> tuple[str, bytes]:
        """Journal kind and body: a table of one row. `claim_id` is unique among members, unlike ours."""
        if self.what == "claim":
            day = self.day.isoformat()
            cells = (claim_id, member_id, day, day, "11", self.code, "Z719", self.status)
            return "claims", table(CLAIM_HEADER, [cells])
        detail, mode = "", self.mode
        if self.what == "task_note":
            detail = f"task={self.rule};action={self.action}"
        elif self.what == "notification_delivered":
            # Plans write the recipient in either place; only a lead's notice may stand in `mode`.
            if self.to in OUTSIDE or (self.to == "lead_cm" and dice.random() < 0.4):
                mode = self.to
            else:
                detail = f"to={self.to}"
        elif self.what in ("contact", "outreach_attempt"):
            mode = self.mode or dice.choice(("phone", "video", "in_person", "text"))
        at = self.at.astimezone(ZONE).isoformat(timespec="seconds")
        return "care_events", table(CARE_HEADER, [(member_id, at, self.what, "SIM-ACTOR", mode, self.outcome, detail)])


def deeds_for(stays: list[Belief], dice: Random, ends_at: datetime, *, claims: bool) -> list[Deed]:
    """What is done about a member's stays as they truly were, by people of some diligence."""
    care = _Care(dice, diligence=dice.choice((0.95, 0.75, 0.4)), claims=claims)
    found: list[Deed] = []
    for stay in stays:
        for happening in stay.happenings:
            if happening.is_retracted or stay.status in ("planned", "cancelled"):
                continue
            if happening.event == "admitted" and happening.stay_class in BEDS:
                found += care.during(happening, stay)
            elif happening.event == "discharged" and happening.stay_class != "emergency":
                found += care.after(happening)
    return [deed for deed in found if deed.at < ends_at]


class _Care:
    """The people who care for one member: sometimes in time, sometimes late, sometimes never."""

    def __init__(self, dice: Random, *, diligence: float, claims: bool) -> None:
        self._dice, self._diligence, self._claims = dice, diligence, claims
        self._count = 0

    def during(self, admitted: Happening, stay: Belief) -> Iterator[Deed]:
        """What is due while the member is in hospital."""
        told_at, dice = admitted.told_at, self._dice
        yield from self._by_hours("notification_delivered", told_at, 24, to="lead_cm")
        yield from self._by_hours("task_note", told_at, 60, rule="um.open_case", action="done")
        for to in ("facility", "member"):
            yield from self._by_hours("notification_delivered", told_at, 24, to=to)
        until = stay.discharged_at or admitted.at + 4 * DAY
        for what in ("assessment_completed", "care_plan_completed"):
            at = admitted.at + (until - admitted.at) * dice.random()
            if dice.random() < self._diligence:
                yield self._deed(what, at)
            elif dice.random() < 0.2 and stay.disposition != "07":
                yield self._deed(what, until + dice.randrange(1, 60) * HOUR)

    def after(self, discharged: Happening) -> Iterator[Deed]:
        """What is due after the discharge."""
        at, told_at, dice = discharged.at, discharged.told_at, self._dice
        yield from self._by_hours("notification_delivered", told_at, 24, to="lead_cm")
        yield from self._by_hours("discharge_information_received", at, 24)
        yield from self._by_hours("outreach_attempt", told_at, 24, outcome="no_answer")
        if dice.random() < 0.3:
            yield self._deed("contact", at + dice.randrange(2, 90) * HOUR, outcome="no_answer")
        if dice.random() < self._diligence:
            yield self._deed("contact", at + dice.randrange(2, 11 * 24) * HOUR, outcome="reached")
        elif dice.random() < 0.25:
            yield self._deed("contact", at + dice.randrange(2, 9 * 24) * HOUR, outcome="declined")
        elif dice.random() < 0.3:
            yield self._note("tcm.contact_2bd", "done", at + dice.randrange(20, 80) * HOUR)
        if dice.random() < self._diligence:
            yield from self._visit(at + dice.randrange(0, 40 * 24) * HOUR * dice.choice((0.2, 0.5, 1)))
        if dice.random() < self._diligence:
            yield self._deed("medication_reconciliation", at + dice.randrange(1, 10 * 24) * HOUR)
        if dice.random() < self._diligence * 0.6:
            yield self._deed("assessment_completed", at + dice.randrange(20, 40 * 24) * HOUR)
        elif dice.random() < 0.3:
            word = dice.choice(("not_possible", "declined"))
            yield self._note("tcs.screen_programs", word, at + dice.randrange(20, 20 * 24) * HOUR)
        if dice.random() < self._diligence:
            yield self._note("tcs.close_review", "done", at + 30 * DAY + dice.randrange(20, 12 * 24) * HOUR)

    def _by_hours(
        self, what: str, start: datetime, hours: int, *, outcome: str = "", to: str = "", rule: str = "",
        action: str = "",
    ) -> Iterator[Deed]:  # fmt: skip
        """In time, or late, or never."""
        dice = self._dice
        minutes = dice.randrange(5, hours * 60) if dice.random() < self._diligence else dice.randrange(
            hours * 60, hours * 180
        )  # fmt: skip
        if dice.random() < 0.5 + self._diligence / 2:
            yield self._deed(what, start + timedelta(minutes=minutes), outcome=outcome, to=to, rule=rule, action=action)

    def _visit(self, at: datetime) -> Iterator[Deed]:
        """A visit: a claim that comes days later, sometimes denied or reversed; or notes on the tasks."""
        dice = self._dice
        at = at.replace(microsecond=0)
        self._count += 1
        claim_id = f"SIM-C{self._count}"
        received_at = at + DAY + dice.randrange(1, 16 * 24) * HOUR
        if not self._claims:
            for rule in ("tcs.ambulatory_visit_7d", "tcs.ambulatory_visit_30d", "tcm.visit_7d", "tcm.visit_14d"):
                yield self._note(rule, "done", at)
            yield Deed("claim", at, received_at, claim_id=claim_id, code=OTHER_CODE, status="paid")
            return
        status = dice.choices(("paid", "denied"), (9, 1))[0]
        code = dice.choices((VISIT_CODE, RECONCILED_CODE, OTHER_CODE), (8, 1, 1))[0]
        yield Deed("claim", at, received_at, claim_id=claim_id, code=code, status=status)
        if dice.random() < 0.12:
            again_at = received_at + dice.randrange(1, 9 * 24) * HOUR
            yield Deed("claim", at, again_at, claim_id=claim_id, code=code, status="reversed")

    def _note(self, rule: str, action: str, at: datetime) -> Deed:
        return self._deed("task_note", at, rule=rule, action=action)

    def _deed(
        self, what: str, at: datetime, *, outcome: str = "", to: str = "", rule: str = "", action: str = ""
    ) -> Deed:
        """Mostly told within hours, sometimes days later."""
        dice = self._dice
        at = at.replace(microsecond=0)
        lag = dice.randrange(1, 240) if dice.random() < 0.85 else dice.randrange(240, 4 * 1440)
        return Deed(what, at, at + timedelta(minutes=lag), outcome, to, rule, action)


def value_sets_csv() -> str:
    """The made-up codes under the names that the shipped rules ask for."""
    # Made-up codes in the space of real ones: claims do not say their system, and measures take them for these.
    rows = [
        (VISITS, "hcpcs", "1", VISIT_CODE, "a made-up visit"),
        ("medication-reconciliation", "hcpcs", "1", RECONCILED_CODE, "a made-up reconciliation"),
        ("transitional-care-management", "hcpcs", "1", TRANSITION_CODE, "a made-up transition"),
    ]
    return table(("name", "system", "version", "code", "display"), rows).decode()
