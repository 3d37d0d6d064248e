"""Claims: what was billed, row by row; a later row with the same id replaces the earlier one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from models.time import start_of_day
from services.simulation.deeds import Deed
from services.simulation.places import ZONE, table

HEADER = (
    "claim_id", "member_id", "service_from", "service_to", "admit_date", "discharge_date", "disposition", "bill_type",
    "place_of_service", "revenue_codes", "procedure_codes", "diagnosis_codes", "provider_npi", "provider_specialty",
    "paid_amount", "status",
)  # fmt: skip
_PRACTICE = "1999999974"
"""Whoever bills: no facility of the registry."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of a claim, as received. `diagnoses` begin with the principal one; `faults` are what is odd about it."""

    id: str
    received_at: datetime
    first: date
    last: date
    status: str = "paid"
    procedures: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    place: str = ""
    specialty: str = ""
    bill_type: str = ""
    revenue: tuple[str, ...] = ()
    admitted_on: date | None = None
    discharged_on: date | None = None
    disposition: str = ""
    faults: frozenset[str] = frozenset()

    @property
    def is_final(self) -> bool:
        """A whole bill, or the last of several: its diagnoses speak for the stay."""
        return self.admitted_on is not None and self.bill_type[-1:] in ("1", "4", "7")

    def body(self, member_id: str) -> bytes:
        """A file of this row alone."""
        cells = (
            f"{member_id}-{self.id}", member_id, self.first.isoformat(), self.last.isoformat(),
            self.admitted_on.isoformat() if self.admitted_on else "",
            self.discharged_on.isoformat() if self.discharged_on else "", self.disposition, self.bill_type,
            self.place, ";".join(self.revenue), ";".join(self.procedures), ";".join(self.diagnoses), _PRACTICE,
            self.specialty, "100.00" if self.status == "paid" else "0.00", self.status,
        )  # fmt: skip
        return table(HEADER, [cells])

    def as_deed(self) -> Deed:
        """The same as tasks see it: a day, and codes."""
        at = start_of_day(self.first, ZONE)
        return Deed("claim", at, self.received_at, claim_id=self.id, code=";".join(self.procedures), status=self.status)


def standing(claims: Iterable[Claim], at: datetime) -> list[Claim]:
    """The newest row of each claim received by an instant, unless that reverses it."""
    newest: dict[str, Claim] = {}
    for claim in claims:
        if claim.received_at <= at and (claim.id not in newest or claim.received_at > newest[claim.id].received_at):
            newest[claim.id] = claim
    return [claim for claim in newest.values() if claim.status != "reversed"]
