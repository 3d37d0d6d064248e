"""The plans' member information files: what they truly say of a member over time, row by row."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from models.time import local_day
from services.simulation.people import Person
from services.simulation.places import ZONE

HEADER = (
    "member_id", "cin", "last_name", "first_name", "birth_date", "sex", "mcp_id", "coverage_start", "coverage_end",
    "ecm_provider_id", "ecm_status", "ecm_start", "lead_cm_id", "risk_tier", "assigned_on",
)  # fmt: skip
PLANS = ("SIM-PLAN-A", "SIM-PLAN-B")
TIERS = {"high": ("high", "very_high"), "medium": ("medium", "rising"), "lower": ("low", "lower"), "": ("",)}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as received. `tier` is the word that the plan writes; `status`, when it is no plain enrolment."""

    received_at: datetime
    plan: str
    covered_from: date
    covered_to: date | None = None
    provider: str = ""
    ecm_from: date | None = None
    lead: str = ""
    tier: str = ""
    assigned_on: date | None = None
    status: str = ""

    @property
    def in_ecm(self) -> bool:
        """Enrolled in Enhanced Care Management."""
        return self.ecm_from is not None

    def cells(self, person: Person) -> tuple[str, ...]:
        """The row as the file has it."""
        return (
            person.member_id, person.cin, person.surname, person.given, person.born.isoformat(), person.sex,
            self.plan, self.covered_from.isoformat(), _iso(self.covered_to), self.provider,
            self.status or ("enrolled" if self.in_ecm else ""), _iso(self.ecm_from), self.lead, self.tier,
            _iso(self.assigned_on),
        )  # fmt: skip


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def first_row(dice: Random, received_at: datetime, begins_on: date) -> Row:
    """A member's first row: covered long since, most in care management, every tier."""
    plan = dice.choices(PLANS, (6, 4))[0]
    since = begins_on - timedelta(days=dice.randrange(20, 900))
    tier = dice.choice(TIERS[dice.choices(("high", "medium", "lower", ""), (40, 20, 25, 15))[0]])
    row = Row(received_at, plan, since, tier=tier)
    if dice.random() < 0.62:
        ecm_from = begins_on - timedelta(days=dice.randrange(10, 400))
        provider = f"SIM-ECM{dice.randrange(1, 7)}"
        row = replace(row, provider=provider, ecm_from=ecm_from, assigned_on=ecm_from)
        if dice.random() < 0.8:
            row = replace(row, lead=f"SIM-CM{dice.randrange(1, 40)}")
    return row


def later_rows(dice: Random, first: Row, begins_at: datetime, ends_at: datetime) -> list[Row]:
    """What changes during the story: leads, tiers, plans, the end of coverage. In order of receipt."""
    rows, now = [first], first
    for at in sorted(_moments(dice, max(begins_at, first.received_at), ends_at)):
        change = dice.choices(("lead", "tier", "plan", "end"), (40, 25, 20, 15))[0]
        now = _changed(change, dice, now, at)
        rows.append(now)
        if now.covered_to:
            again_at = at + timedelta(hours=dice.randrange(48, 500))
            if dice.random() < 0.5 and again_at < ends_at:
                rows.append(replace(now, received_at=again_at, covered_to=None))  # the plan takes the end back
            break
    return rows


def _moments(dice: Random, begins_at: datetime, ends_at: datetime) -> set[datetime]:
    span = int((ends_at - begins_at).total_seconds())
    number = dice.choices((0, 1, 2), (70, 22, 8))[0] if span > 86_400 else 0
    return {begins_at + timedelta(seconds=dice.randrange(3_600, span)) for _ in range(number)}


def _changed(change: str, dice: Random, now: Row, at: datetime) -> Row:
    today = local_day(at, ZONE)
    match change:
        case "tier":
            return replace(now, received_at=at, tier=dice.choice(TIERS[dice.choice(tuple(TIERS))]))
        case "plan":
            other = PLANS[now.plan == PLANS[0]]
            starts = today + timedelta(days=dice.randrange(-3, 8))
            return replace(now, received_at=at, plan=other, covered_from=max(starts, now.covered_from + timedelta(1)))
        case "end":
            return replace(now, received_at=at, covered_to=today + timedelta(days=dice.randrange(-4, 12)))
    lead = dice.choice([f"SIM-CM{n}" for n in range(40, 60) if f"SIM-CM{n}" != now.lead])
    since = today - timedelta(days=dice.choice((0, 0, 0, 1, 3)))
    return replace(
        now, received_at=at, lead=lead, assigned_on=since, provider=now.provider or "SIM-ECM9",
        ecm_from=now.ecm_from or since,
    )  # fmt: skip
