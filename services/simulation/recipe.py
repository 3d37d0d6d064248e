"""What a world is made of: the arguments of `simulate`, checked, and the mark that both its files carry."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from models.errors import WarmhandoffError
from models.time import local_day, start_of_day
from services.simulation.holidays import FIRST, LAST
from services.simulation.places import ZONE

EDITION = "1"
"""Raised whenever the same arguments come to make other bytes: truth files of another edition are refused."""

FAULTS: dict[str, str] = {
    "a08_storm": "forty updates that say the same",
    "bad_charset": "bytes in another character set than MSH-18 declares",
    "cancel_admit": "A11 or A23; sometimes the member is admitted after all, or stays an emergency visit",
    "cancel_discharge": "A13, an update that restates the dead time, and the true discharge later",
    "clock_change": "discharges in the night of a clock change, with and without offsets",
    "date_only": "admitted and discharged as dates without a time",
    "late": "a stay's messages held back for hours or days",
    "late_roster": "a member put on the roster after the hospital told of them",
    "lost_discharge_a08": "no A03: an update with PV1-45 tells of the discharge",
    "merge": "a second MRN without identifiers, merged by A40",
    "newborn": "a baby told under its mother's CIN, named and enrolled later",
    "reordered": "a stay's messages in any order",
    "repeated": "the same bytes again",
    "repeated_new_id": "the same message with another MSH-7 and MSH-10",
    "strangers": "patients on no roster",
    "test_messages": "test patients, MSH-11 T",
    "twins": "a twin told under the sibling's CIN, corrected by A31",
    "two_feeds": "a second feed tells the story, with the same, other or no visit numbers",
    "unreadable": "garbled messages, sent again rightly later",
    "visit_reuse": "a visit number used again for a later stay",
    "wrong_admit_date": "an admission a day or two off, corrected by A08",
    "wrong_discharge_date": "a discharge a day off, corrected by A08",
    "wrong_patient": "a stay told of another member, moved by A45 or A44",
}
"""Every fault by name, and what it does. All of them are told rightly in the end."""

MEASURE_FAULTS: dict[str, str] = {
    "adt_lost": "a member's first stay is told by no hospital, only by its claim",
    "corrected_result": "a laboratory result or a reading corrected days later",
    "denied_claim": "a claim that is denied; it still tells of a visit",
    "foreign_unit": "HbA1c in mmol/mol",
    "interim_bill": "a stay billed in parts (112, 113, 114)",
    "late_claim": "a claim that comes months later",
    "late_file": "a monthly return file after its due day",
    "rejected_file": "a monthly return file rejected first, and accepted later",
    "repeated_result": "the same result again",
    "replaced_claim": "a claim replaced by a later row with another code or diagnosis",
    "reversed_claim": "a claim reversed later",
    "reversed_fill": "a fill reversed days later",
    "withdrawn_result": "a result entered in error, and withdrawn",
}
"""Faults of what measures read: a world has them only with measures."""

TAIL = timedelta(days=4)
"""What happened by the last day is told by then."""
LONG_TAIL = timedelta(days=75)
"""With measures the world goes on being told, since claims come months late."""
CLAIMS = "-claims"
"""Ends the mark of a world whose visits are proven by claims."""
MEASURES = "-measures"
"""Ends the mark of a world with measures."""
MEMBERS_MAX = 5_000_000
DAYS_MIN = 4
EARLIEST, LATEST = FIRST + timedelta(days=31), LAST - timedelta(days=75)
"""The first and the last day on which a world may start; the holiday tables leave no room beyond."""


class ImpossibleRecipe(WarmhandoffError):
    """A world that cannot be made; the message says what is wrong and what to write instead."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A world's arguments. Equal recipes make equal bytes.

    Args:
        members: people in the world; newborns, twins and mixed-up patients come on top.
        start: the first local day. claims: visits are proven by claims with made-up codes, which the value sets of
            `deeds.value_sets_csv` holds; without them a note on the task proves the visit. measures: a calmer life of
            claims, results, fills, outreach and files, with real codes (`codes`), whose labels tell of measures too.

    Raises:
        ImpossibleRecipe: no such world can be made.
    """

    members: int
    days: int
    seed: int
    faults: frozenset[str] = field(default_factory=frozenset)
    start: date = date(2025, 1, 15)
    claims: bool = False
    measures: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.members <= MEMBERS_MAX:
            raise ImpossibleRecipe(f"--members: {self.members} people make no world.\nWrite 1 to {MEMBERS_MAX}.")
        known = FAULTS | MEASURE_FAULTS if self.measures else FAULTS
        unknown = sorted(self.faults - known.keys())
        if unknown:
            names = ", ".join(known)
            raise ImpossibleRecipe(
                f"--faults: {unknown[0]!r} is no fault that is known.\nWrite all, or any of {names}."
            )
        if not EARLIEST <= self.start <= LATEST:
            raise ImpossibleRecipe(
                f"--start: the holiday tables go from {FIRST} to {LAST}, and {self.start} leaves no room within.\n"
                f"Write a day from {EARLIEST} to {LATEST}."
            )
        # Deadlines reach 30 days beyond the last discharge.
        most = (LAST - timedelta(days=45) - self.start).days
        if not DAYS_MIN <= self.days <= most:
            raise ImpossibleRecipe(
                f"--days: a story of {self.days} days cannot be told from {self.start}.\n"
                f"Write {DAYS_MIN} to {most}; the holiday tables end on {LAST}."
            )

    @property
    def begins_at(self) -> datetime:
        """Midnight of the first day, UTC."""
        return start_of_day(self.start, ZONE)

    @property
    def ends_at(self) -> datetime:
        """Nothing happens from here on, UTC."""
        return start_of_day(self.start + timedelta(days=self.days), ZONE)

    @property
    def told_by(self) -> datetime:
        """The last moment at which anything is delivered."""
        return self.ends_at + (LONG_TAIL if self.measures else TAIL)

    @property
    def instants(self) -> tuple[datetime, ...]:
        """When labels are written for: a quarter, half and three quarters of the way, and after the last delivery."""
        span = self.ends_at - self.begins_at
        early = (self.begins_at + span * quarter / 4 for quarter in (1, 2, 3))
        return (*(at.replace(microsecond=0).astimezone(UTC) for at in early), self.told_by + timedelta(hours=1))

    def years(self, at: datetime) -> tuple[int, ...]:
        """The years for which measures are asked at an instant: from the first one to that of the instant."""
        return tuple(range(self.start.year, local_day(at, ZONE).year + 1)) if self.measures else ()

    @property
    def mark(self) -> str:
        """Names the world: twelve hexadecimal digits of everything it is made of, and what it holds beside stays."""
        parts = (EDITION, self.members, self.days, self.seed, sorted(self.faults), self.start.isoformat())
        holds = MEASURES if self.measures else CLAIMS * self.claims
        return sha256(repr(parts).encode()).hexdigest()[:12] + holds
