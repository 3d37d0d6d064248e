"""What clinical systems say of a patient, as FHIR resources or results, in one shape. Facts like any other: keyed by
content, told by messages, never overwritten.

Codes are `models.codes.coded`: `loinc|8480-6`. Times are as written, see `models.time.Stamp`.
"""

from typing import Literal

import msgspec

from models.time import Stamp

ClinicalKind = Literal[
    "encounter", "condition", "observation", "procedure", "order", "service-order", "device-order", "fill",
    "administration", "coverage", "communication", "device", "allergy", "immunization",
    "task",
]  # fmt: skip
"""`order` is a MedicationRequest, `fill` a MedicationDispense, `service-order` a ServiceRequest."""


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A component of an observation: a number (in the canonical unit) or a coded answer."""

    codes: tuple[str, ...]
    number: float | None = None
    answers: tuple[str, ...] = ()


class Ranked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A diagnosis of an encounter: all codes of it, its rank (1 principal, 0 unknown), its use (`billing`, `AD`)."""

    codes: tuple[str, ...]
    rank: int = 0
    use: str = ""


class Clinical(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="clinical"):
    """One version of one resource.

    Args:
        source_patient: `feed|authority|value`, as for `Statement`.
        resource: `Observation/bp1`; for a result of HL7 v2 `ORU/<order number>/<OBX-3>/<OBX-4>`. With the feed it says
            which versions replace each other.
        status: as FHIR writes it for this type. A condition's is `verificationStatus` (empty means confirmed), and
            `activity` its clinicalStatus.
        updated: meta.lastUpdated, or the result's own time stamp (OBR-22): orders versions.
        codes: what it is. For an encounter its types.
        start, end: effective, performed, period, onset and abatement, whenHandedOver; authoredOn for orders.
        recorded: issued, recordedDate, or a not-done's recorded date.
        number, unit: in the canonical UCUM unit of its quantity. answers: a coded value; a boolean is `true`, `false`.
        answered: it has any value.
        diagnoses, reasons: of encounters and orders; referenced conditions of the same bundle are resolved.
        disposition: hospitalization.dischargeDisposition. act_class: Encounter.class, or of the encounter named.
        encounter: `Encounter/e1` when it names one that is not contained.
        site: bodySite codes, laterality too. categories: category codes.
        refused: doNotPerform, or a status or reason that says not done.
        intent: of orders. days: days' supply, the stated one or from quantity and dosage (None: unknown).
        ingredients: names as `ingredient|...` where a drug's ingredient is stated.
    """

    kind: ClinicalKind
    source_patient: str
    resource: str
    status: str = ""
    activity: str = ""
    updated: Stamp | None = None
    codes: tuple[str, ...] = ()
    start: Stamp | None = None
    end: Stamp | None = None
    recorded: Stamp | None = None
    number: float | None = None
    unit: str = ""
    answers: tuple[str, ...] = ()
    answered: bool = False
    parts: tuple[Part, ...] = ()
    diagnoses: tuple[Ranked, ...] = ()
    reasons: tuple[str, ...] = ()
    disposition: tuple[str, ...] = ()
    act_class: str = ""
    encounter: str = ""
    site: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    refused: bool = False
    intent: str = ""
    days: int | None = None
    ingredients: tuple[str, ...] = ()


class Demographics(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="demographics"):
    """What a Patient resource says beyond identity: `gender` as FHIR writes it, coded race and ethnicity, language."""

    source_patient: str
    gender: str = ""
    race: tuple[str, ...] = ()
    ethnicity: tuple[str, ...] = ()
    language: str = ""
