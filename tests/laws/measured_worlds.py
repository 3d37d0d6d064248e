"""An installation with the shipped measures and a few codes, a store of it, and the lines that partners send there."""

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from models.reference import Reference
from models.view import View
from services.measures.book import MeasureBook
from services.measures.value_sets import read_value_sets
from services.member.derive import derive
from services.runtime.pipeline import Pipeline
from services.runtime.recall import with_registry
from services.runtime.recount import Difference, Recount
from services.runtime.store.sqlite import SqliteStore
from services.status.counting import Counting
from services.wiring.measures import infos, read_measures
from services.wiring.setup import Setup
from tests.scribe import Line
from tests.timeline import Live, Told
from tests.wire import NAMES, cin
from tests.worlds import setup

URLS = {
    "hcpcs": "http://www.ama-assn.org/go/cpt",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "loinc": "http://loinc.org",
    "pos": "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
    "ingredient": "urn:warmhandoff:ingredient",
    "specialty": "urn:warmhandoff:specialty",
}
CODES = """
outpatient-or-telehealth hcpcs 99213, transitional-care-management hcpcs 99495, medication-reconciliation hcpcs 1111F
emergency-visit hcpcs 99284, observation-stay hcpcs G0378, behavioral-health-visit hcpcs 90834, hospice hcpcs G9473
mental-illness icd10cm F32.9, intentional-self-harm icd10cm T14.91XA, bipolar-disorder icd10cm F31.0
substance-use-disorder icd10cm F10.20, drug-overdose icd10cm T40.0X1A, essential-hypertension icd10cm I10
diabetes icd10cm E11.9, pregnancy icd10cm Z33.1, perinatal-conditions icd10cm P07.30, esrd icd10cm N18.6
maintenance-chemotherapy icd10cm Z51.11, rehabilitation icd10cm Z50.1, organ-transplant-status icd10cm Z94.0
palliative-care icd10cm Z51.5, telehealth-place pos 02, outpatient-place pos 11, independent-laboratory pos 81
emergency-place pos 23, partial-hospitalization-place pos 52, community-mental-health-center pos 53
mental-health-provider specialty psychiatry, blood-pressure-panel loinc 85354-9, systolic loinc 8480-6
diastolic loinc 8462-4, hba1c-or-gmi loinc 4548-4, phq9-total loinc 44261-6, phq2-total loinc 55758-7
diabetes-medications ingredient metformin, insulin ingredient insulin glargine, ras-antagonists ingredient lisinopril
sacubitril-valsartan ingredient sacubitril/valsartan, statins ingredient atorvastatin
aud-oud-medications ingredient naltrexone
"""
"""One code of every set that a shipped page requires and is no eCQM's."""


def value_sets() -> str:
    """The codes as a file of value sets."""
    rows = [part.strip().split(" ", 2) for part in CODES.replace("\n", ",").split(",") if part.strip()]
    return "name,system,version,code,display\n" + "".join(
        f"{name},{URLS[system]},2025,{code},\n" for name, system, code in rows
    )


@cache
def installation() -> Setup:
    """The shipped measures with value sets of our own."""
    sets = read_value_sets([("codes.csv", value_sets())])
    loaded, problems = read_measures([], sets)
    assert not problems, problems
    reference = msgspec.structs.replace(setup().reference, measures=MeasureBook(loaded, sets), digest="measured worlds")
    return msgspec.structs.replace(setup(), reference=reference, pages=infos(loaded.measures))


class Measured(Live):
    """A store of this installation, fed line by line."""

    def open(self) -> None:
        self.store = SqliteStore.open(Path(self._folder.name), now=lambda: self.now)
        self.pipeline = Pipeline(self.store, setup().readers, installation().reference, lambda: self.now)

    @property
    def counting(self) -> Counting:
        return Counting(self.store, installation().reference, installation().pages)

    def recount(self) -> list[Difference]:
        """What `verify` finds: the raw log absorbed and derived again, in a store of its own."""
        with (
            tempfile.TemporaryDirectory(dir=Path(self._folder.name).parent) as folder,
            SqliteStore.open(Path(folder), now=lambda: self.now) as fresh,
        ):
            known = installation()
            return list(Recount(self.store, fresh, known.readers, known.reference, lambda: self.now).compare())


class Heard(Told):
    """A journal in memory, with the subjects that are no members too."""

    def __init__(self, journal: Sequence[Line], reference: Reference | None = None) -> None:
        super().__init__(journal, reference or installation().reference)

    def everybody(self, as_of: datetime) -> dict[str, View]:
        """The view of every subject at an instant, in order of id."""
        at = as_of.astimezone(UTC)
        reference = with_registry(self.reference, self._facilities, at)
        found = {
            facts.member_id: derive(facts, reference, at)
            for around in self.circles
            for facts in around.facts(around.links(at), at).values()
        }
        return dict(sorted(found.items()))


def table(feed: str, kind: str, *rows: dict[str, str]) -> Line:
    """Rows of a table as a partner sends them; its receipt is not set yet."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = "\n".join(",".join(row.get(name, "") for name in columns) for row in rows)
    return {"received_at": "", "feed": feed, "kind": kind, "body": f"{','.join(columns)}\n{text}\n"}


def claim(member: str, name: str, day: date, **more: str) -> Line:
    row = {"claim_id": name, "member_id": member, "service_from": str(day), "service_to": str(day), **more}
    return table("plan-a", "claims", {"status": "paid", **row})


def fill(member: str, name: str, day: date, drug: str, days: int, status: str = "dispensed") -> Line:
    row = {"fill_id": name, "member_id": member, "fill_date": str(day), "ingredient": drug, "days_supply": str(days)}
    return table("plan-a", "fills", {**row, "status": status})


def returned(file: str, month: str, status: str = "accepted", member: str = "M1", provider: str = "P1") -> Line:
    row = {"mcp_id": "PLANA", "provider_id": provider, "period": month, "file_status": status, "member_id": member}
    return table("plan-a", file, {**row, "ecm_status": "enrolled"} if file == "rtf" else {**row, "mode": "phone"})


def resource(feed: str, **content: Any) -> Line:
    return {"received_at": "", "feed": feed, "kind": "fhir", "body": json.dumps(content)}


def patient(feed: str, name: str, member: str, **more: Any) -> Line:
    family, given, born = NAMES[member]
    known = [{"system": "http://hl7.org/fhir/sid/us-medicaid", "value": cin(member)}]
    person = {"name": [{"family": family, "given": [given]}], "birthDate": f"{born[:4]}-{born[4:6]}-{born[6:]}"}
    return resource(feed, resourceType="Patient", id=name, identifier=known, **person, **more)


def loinc(code: str) -> dict[str, Any]:
    return {"coding": [{"system": URLS["loinc"], "code": code}]}


def observation(feed: str, name: str, of: str, at: datetime, **more: Any) -> Line:
    head = {"resourceType": "Observation", "id": name, "status": "final", "subject": {"reference": f"Patient/{of}"}}
    return resource(feed, **{**head, "effectiveDateTime": at.isoformat(), **more})


def pressure(systolic: int, diastolic: int) -> dict[str, Any]:
    parts = [("8480-6", systolic), ("8462-4", diastolic)]
    components = [{"code": loinc(code), "valueQuantity": _quantity(n, "mm[Hg]")} for code, n in parts]
    return {"code": loinc("85354-9"), "component": components}


def measured_as(code: str, number: float, unit: str) -> dict[str, Any]:
    return {"code": loinc(code), "valueQuantity": _quantity(number, unit)}


def _quantity(number: float, unit: str) -> dict[str, Any]:
    return {"value": number, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
