"""Claims and fills as they cross the border, and the facts they state.

Source: contract, "CSV kind | columns"; UB-04 (bill type, patient discharge status, revenue codes); NCPDP (days supply).
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from connectors.tabular.cells import Codes, Day, Id, Member, Word, exact
from connectors.tabular.row import Row, one_of
from connectors.tabular.words import FILL_STATUSES, IMPOSSIBLE, bad_shapes, known_as, unknown_words
from models.codes import coded
from models.events import Claim, Fill

CLAIM_STATUSES = frozenset({"paid", "denied", "reversed"})
_DISPOSITION = re.compile(r"\d{1,2}", re.ASCII)
_BILL_TYPE = re.compile(r"0?\d{2}[0-9A-Z]", re.ASCII)
_REVENUE = re.compile(r"\d{3,4}", re.ASCII)
_NDC = re.compile(r"\d{11}", re.ASCII)
_OTHER_SPELLINGS = {"canceled": "cancelled", "reversal": "reversed", "paid": "dispensed", "complete": "completed"}
DAYS_SUPPLY_MAX = 999
"""NCPDP writes a supply in three digits."""


class ClaimRow(Row):
    """A claim row. Without `service_from` an admission day stands in; a reversal may carry no day at all.

    An end before its beginning cannot be: it is left out, and the row marked, since what else it says still counts.
    """

    claim_id: Id
    member_id: Member
    service_from: Day = None
    service_to: Day = None
    admit_date: Day = None
    discharge_date: Day = None
    disposition: str = ""
    bill_type: str = ""
    place_of_service: Annotated[str, BeforeValidator(str.upper)] = ""
    revenue_codes: Codes = ()
    procedure_codes: Codes = ()
    diagnosis_codes: Codes = ()
    provider_npi: str = ""
    provider_specialty: str = ""
    paid_amount: str = ""
    status: Annotated[Word, one_of(CLAIM_STATUSES)] = ""

    def fact(self) -> Claim:
        """State the claim; an empty status is `paid`."""
        start = self.service_from or self.admit_date
        return Claim(
            member_id=self.member_id,
            claim_id=self.claim_id,
            service_from=start,
            service_to=None if _is_before(self.service_to, start) else self.service_to,
            status=self.status or "paid",
            procedure_codes=self.procedure_codes,
            diagnosis_codes=self.diagnosis_codes,
            place_of_service=self.place_of_service,
            admit_date=self.admit_date,
            discharge_date=None if _is_before(self.discharge_date, self.admit_date) else self.discharge_date,
            disposition=_bare("disposition", self.disposition),
            bill_type=_bill_type(self.bill_type),
            revenue_codes=tuple(_bare("revenue", code) for code in self.revenue_codes),
            provider_npi=self.provider_npi,
            provider_specialty=self.provider_specialty,
            paid_amount=exact(self.paid_amount),
        )

    def marks(self) -> tuple[str, ...]:
        """Ends before their beginnings, and codes and amounts of no usual shape."""
        start = self.service_from or self.admit_date
        ends = {"service_to": (self.service_to, start), "discharge_date": (self.discharge_date, self.admit_date)}
        usual = {
            "disposition": (self.disposition, _matching(_DISPOSITION, self.disposition)),
            "bill_type": (self.bill_type, _matching(_BILL_TYPE, self.bill_type.upper())),
            "revenue_codes": (";".join(self.revenue_codes), all(map(_REVENUE.fullmatch, self.revenue_codes))),
            "paid_amount": (self.paid_amount, exact(self.paid_amount)),
        }
        impossible = (f"{IMPOSSIBLE}:{column}" for column, (end, start) in ends.items() if _is_before(end, start))
        return (*impossible, *bad_shapes(usual))


class FillRow(Row):
    """A row of a pharmacy file. A supply of no days, or of more than a few years, is no supply: it is left out."""

    fill_id: Id
    member_id: Member
    fill_date: Day = None
    ndc: str = ""
    ingredient: str = ""
    days_supply: str = ""
    status: Annotated[str, known_as(*FILL_STATUSES, *_OTHER_SPELLINGS)] = ""

    def fact(self) -> Fill:
        """State the fill; an empty status is `dispensed`."""
        return Fill(
            member_id=self.member_id,
            fill_id=self.fill_id,
            fill_date=self.fill_date,
            ndc=_bare("ndc", self.ndc),
            ingredient=_bare("ingredient", self.ingredient),
            days_supply=_days(self.days_supply),
            status=_OTHER_SPELLINGS.get(self.status, self.status) or "dispensed",
        )

    def marks(self) -> tuple[str, ...]:
        """Words that no measure knows, and supplies and drug codes that cannot be."""
        status = self.fact().status
        usual = {"ndc": (self.ndc, _matching(_NDC, _bare("ndc", self.ndc)))}
        impossible = self.days_supply and _days(self.days_supply) is None
        return (
            *unknown_words({"status": (status, FILL_STATUSES)}),
            *((f"{IMPOSSIBLE}:days_supply",) if impossible else ()),
            *bad_shapes(usual),
        )


def _bare(system: str, code: str) -> str:
    """A code as codes are compared, without its system."""
    return coded(system, code).partition("|")[2]


def _bill_type(text: str) -> str:
    """Three characters: the leading zero of the paper form says nothing."""
    code = text.upper()
    return code[1:] if len(code) == 4 and code.startswith("0") else code


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _is_before(end: date | None, start: date | None) -> bool:
    return end is not None and start is not None and end < start


def _days(text: str) -> int | None:
    """A supply in whole days; `30.0` is what spreadsheets make of 30."""
    number = exact(text)
    if not number or Decimal(number) % 1 or not 1 <= Decimal(number) <= DAYS_SUPPLY_MAX:
        return None
    return int(Decimal(number))
