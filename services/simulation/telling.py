"""A stay as it truly was, and what is told of it, message by message, in the sender's order."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.simulation.people import Person
from services.simulation.places import Facility

StayClass = Literal["inpatient", "observation", "emergency", "snf"]
Kind = Literal[
    "plan", "unplan", "admit", "reverse", "update", "leave", "return", "discharge", "reopen", "withdraw", "delete",
    "identity",
]  # fmt: skip
"""`reverse`: the admission never counted, it was observation. `reopen`: the discharge did not happen. `withdraw`: the
admission did not happen; `delete`: nor did anything else. `identity`: nothing is told of the stay itself.
"""
Naming = Literal["own", "second", "victim", "mother", "sibling"]
"""Whom a message names: the member; a second MRN without identifiers; another member; the member's own MRN under the
mother's or the sibling's CIN.
"""
RANK = {"emergency": 1, "observation": 2, "inpatient": 3, "snf": 3}


@dataclass(slots=True)
class Telling:
    """One message: what it says, and since when it is known that it was said of this member.

    Args:
        trigger: A01, ... recorded_at: EVN-2; the messages of a stay are recorded one after another. occurred_at: the
            event, EVN-6. admitted_at, discharged_at, expected_at: as stated here, right or wrong; None is not stated.
        stale_discharge: written in PV1-45 though it is known to be void. old_number: PV1-19 was this until now.
        received_at: first receipt. told_at: then, or when the patient was known to be the member if that was later.
            Both are None while nobody said it.
    """

    kind: Kind
    trigger: str
    recorded_at: datetime
    occurred_at: datetime
    stay_class: StayClass
    number: str
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None
    expected_at: datetime | None = None
    disposition: str = ""
    stale_discharge: datetime | None = None
    old_number: str = ""
    naming: Naming = "own"
    received_at: datetime | None = None
    told_at: datetime | None = None


@dataclass(slots=True)
class Visit:
    """One stay: whose, where, and the script of everything told of it.

    Args:
        other: who else is named, where a telling's naming says so. account: PID-18. as_dates: times are written as
            dates. faults: what went wrong with it. gone_at: since when it is known not to be this member's.
    """

    person: Person
    facility: Facility
    account: str
    script: list[Telling] = field(default_factory=list)
    other: Person | None = None
    diagnoses: tuple[str, ...] = ("J189",)
    newborn: bool = False
    as_dates: bool = False
    faults: set[str] = field(default_factory=set)
    gone_at: datetime | None = None
