"""Results: blood pressures and questionnaires as FHIR Observations, HbA1c as HL7 v2 ORU^R01; corrected, withdrawn."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from models.time import local_day
from services.simulation.people import Person
from services.simulation.places import ZONE

Test = Literal["blood_pressure", "hba1c", "phq2", "phq9"]
State = Literal["final", "corrected", "withdrawn"]
_LOINC: dict[Test, str] = {
    "blood_pressure": "85354-9", "hba1c": "4548-4", "phq2": "55758-7", "phq9": "44261-6",
}  # fmt: skip
_CIN = "http://hl7.org/fhir/sid/us-medicaid"
_UCUM = "http://unitsofmeasure.org"
_FHIR_STATUS: dict[State, str] = {"final": "final", "corrected": "corrected", "withdrawn": "entered-in-error"}
_V2_STATUS: dict[State, str] = {"final": "F", "corrected": "C", "withdrawn": "W"}


@dataclass(frozen=True, slots=True)
class Result:
    """One version of a result, as received.

    Args:
        values: (systolic, diastolic), or one number; HbA1c in percent, however it is written.
        in_emergency: taken in an emergency department, and says so. in_mmol: HbA1c written in mmol/mol.
    """

    id: str
    received_at: datetime
    at: datetime
    test: Test
    values: tuple[float, ...]
    state: State = "final"
    in_emergency: bool = False
    in_mmol: bool = False
    faults: frozenset[str] = frozenset()

    @property
    def day(self) -> date:
        """The local day on which it was taken."""
        return local_day(self.at, ZONE)

    def told(self, person: Person) -> tuple[str, str, bytes]:
        """Feed, journal kind and body."""
        if self.test == "hba1c":
            return "sim-lab", "hl7v2", self._message(person).encode()
        return "sim-clinic", "fhir", json.dumps(self._observation(person)).encode()

    def _observation(self, person: Person) -> dict[str, object]:
        body: dict[str, object] = {
            "resourceType": "Observation",
            "id": f"{person.mrn().lower()}-{self.id}",
            "meta": {"lastUpdated": self.received_at.astimezone(ZONE).isoformat(timespec="seconds")},
            "status": _FHIR_STATUS[self.state],
            "code": _coding(_LOINC[self.test]),
            "subject": {"identifier": {"system": _CIN, "value": person.cin}},
            "effectiveDateTime": self.at.astimezone(ZONE).isoformat(timespec="seconds"),
        }
        if self.in_emergency:
            act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
            visit = {"resourceType": "Encounter", "id": "e", "status": "finished"}
            body["contained"] = [{**visit, "class": {"system": act, "code": "EMER"}}]
            body["encounter"] = {"reference": "#e"}
        if self.test == "blood_pressure":
            pairs = zip(("8480-6", "8462-4"), self.values, strict=True)
            body["component"] = [{"code": _coding(code), "valueQuantity": _pressure(value)} for code, value in pairs]
        else:
            body["valueQuantity"] = {
                "value": int(self.values[0]),
                "unit": "{score}",
                "system": _UCUM,
                "code": "{score}",
            }
        return body

    def _message(self, person: Person) -> str:
        """Every version of one order number replaces the one before; OBR-22 says which is newer."""
        number, unit = (f"{self.values[0]:.1f}", "%")
        if self.in_mmol:
            number, unit = f"{(self.values[0] - 2.152) / 0.09148:.0f}", "mmol/mol"
        told_at, taken_at = _stamp(self.received_at), _stamp(self.at)
        order, test = f"{person.mrn()}-{self.id}", "4548-4^Hemoglobin A1c^LN"
        state, numbers = _V2_STATUS[self.state], f"L{person.mrn()}^^^SIMLAB^MR~{person.cin}^^^MEDI-CAL^MC"
        return "\r".join([
            f"MSH|^~\\&|SIMLIS|SIMLAB|WARMHANDOFF|PLAN|{told_at}||ORU^R01^ORU_R01|L{order}-{told_at[:14]}|P|2.5.1",
            f"PID|1||{numbers}||{person.surname}^{person.given}||{person.born:%Y%m%d}|{person.sex}",
            f"OBR|1||{order}|{test}|||{taken_at}|||||||||||||||{told_at}|||{state}",
            f"OBX|1|NM|{test}||{number}|{unit}|||||{state}|||{taken_at}",
            "",
        ])  # fmt: skip


def standing(results: Iterable[Result], at: datetime) -> list[Result]:
    """The newest version of each result received by an instant, unless that withdraws it."""
    newest: dict[str, Result] = {}
    for result in results:
        if result.received_at <= at and (result.id not in newest or result.received_at > newest[result.id].received_at):
            newest[result.id] = result
    return [result for result in newest.values() if result.state != "withdrawn"]


def _coding(code: str) -> dict[str, object]:
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def _pressure(value: float) -> dict[str, object]:
    return {"value": int(value), "unit": "mm[Hg]", "system": _UCUM, "code": "mm[Hg]"}


def _stamp(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y%m%d%H%M%S%z")
