"""The codes that this world speaks in, and what they mean here: facts of the public code systems, no descriptions.

Every set is part of the operator's set of the same name, so a world can be loaded beside licensed lists or with its own
(`value_sets_csv`).

Source: care-rules §0.4 and §4 (code lists marked there).
"""

from collections.abc import Iterable

from services.simulation.places import table

_CPT = "http://www.ama-assn.org/go/cpt"
_HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_PLACE = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
_REVENUE = "https://www.nubc.org/CodeSystem/RevenueCodes"
_DRUG = "urn:warmhandoff:ingredient"
_SPECIALTY = "urn:warmhandoff:specialty"

OFFICE = ("99213", "99214")
TELEPHONE = "98966"
TRANSITION = "99495"
RECONCILIATION = "1111F"
PSYCHOTHERAPY = "90834"
NO_VISIT = "97110"
"""A procedure that is no visit of any measure."""

WARD_ROUND = "99232"
"""A physician's day in hospital."""

_SETS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("outpatient-or-telehealth", _CPT, (*OFFICE, TELEPHONE)),
    ("transitional-care-management", _CPT, (TRANSITION,)),
    ("medication-reconciliation", _CPT, (RECONCILIATION, TRANSITION)),
    ("behavioral-health-visit", _CPT, (PSYCHOTHERAPY, *OFFICE)),
    ("emergency-visit", _CPT, ("99283", "99284")),
    ("emergency-visit", _REVENUE, ("0450",)),
    ("emergency-place", _PLACE, ("23",)),
    ("outpatient-place", _PLACE, ("11", "22")),
    ("telehealth-place", _PLACE, ("02", "10")),
    ("partial-hospitalization-place", _PLACE, ("52",)),
    ("community-mental-health-center", _PLACE, ("53",)),
    ("independent-laboratory", _PLACE, ("81",)),
    ("observation-stay", _REVENUE, ("0762",)),
    ("hospice", _HCPCS, ("Q5003", "T2042")),
    ("mental-illness", _ICD, ("F20.9", "F31.9", "F32.9", "F33.1", "F41.1")),
    ("intentional-self-harm", _ICD, ("T14.91XA",)),
    ("substance-use-disorder", _ICD, ("F10.20", "F11.20")),
    ("drug-overdose", _ICD, ("T40.1X1A",)),
    ("bipolar-disorder", _ICD, ("F31.9",)),
    ("essential-hypertension", _ICD, ("I10",)),
    ("diabetes", _ICD, ("E11.9",)),
    ("esrd", _ICD, ("N18.6", "Z94.0")),
    ("pregnancy", _ICD, ("O80",)),
    ("perinatal-conditions", _ICD, ("P59.9",)),
    ("palliative-care", _ICD, ("Z51.5",)),
    ("maintenance-chemotherapy", _ICD, ("Z51.11",)),
    ("rehabilitation", _ICD, ("Z50.1",)),
    ("organ-transplant-status", _ICD, ("Z94.0",)),
    ("blood-pressure-panel", _LOINC, ("85354-9",)),
    ("systolic", _LOINC, ("8480-6",)),
    ("diastolic", _LOINC, ("8462-4",)),
    ("hba1c-or-gmi", _LOINC, ("4548-4",)),
    ("phq2-total", _LOINC, ("55758-7",)),
    ("phq9-total", _LOINC, ("44261-6",)),
    ("diabetes-medications", _DRUG, ("metformin", "glipizide", "empagliflozin")),
    ("insulin", _DRUG, ("insulin glargine",)),
    ("ras-antagonists", _DRUG, ("lisinopril", "losartan", "valsartan")),
    ("sacubitril-valsartan", _DRUG, ("sacubitril/valsartan",)),
    ("statins", _DRUG, ("atorvastatin", "rosuvastatin")),
    ("aud-oud-medications", _DRUG, ("naltrexone", "buprenorphine/naloxone")),
    ("mental-health-provider", _SPECIALTY, ("psychiatry", "clinical_psychology")),
)

_MEMBERS: dict[str, frozenset[str]] = {}
for _name, _, _codes in _SETS:
    _MEMBERS[_name] = _MEMBERS.get(_name, frozenset()) | {code.replace(".", "") for code in _codes}


def among(codes: Iterable[str], *names: str) -> bool:
    """Whether any code is in any of the named sets; dots of ICD codes do not matter."""
    return any(code.replace(".", "") in _MEMBERS[name] for code in codes for name in names)


def value_sets_csv() -> str:
    """All sets, as an operator would load them."""
    rows = [(name, system, "1", code, "") for name, system, codes in _SETS for code in codes]
    return table(("name", "system", "version", "code", "display"), rows).decode()
