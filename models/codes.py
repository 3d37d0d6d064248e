"""Codes as they are compared: `system|code`, whatever a sender calls the system and however it writes the code.

CPT and HCPCS level II are one procedure space (`hcpcs`), as payers use them.

Source: HL7 terminology (system URIs and OIDs); NUBC (revenue codes have four digits); FDA (NDC of 11 digits, 5-4-2).
"""

import re
from functools import lru_cache

SYSTEMS = {
    "http://www.ama-assn.org/go/cpt": "hcpcs",
    "2.16.840.1.113883.6.12": "hcpcs",
    "http://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
    "https://www.cms.gov/medicare/coding/hcpcsreleasecodesets": "hcpcs",
    "http://www.nlm.nih.gov/research/umls/hcpcs": "hcpcs",
    "2.16.840.1.113883.6.285": "hcpcs",
    "cpt": "hcpcs",
    "c4": "hcpcs",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
    "http://hl7.org/fhir/sid/icd-10": "icd10cm",
    "2.16.840.1.113883.6.90": "icd10cm",
    "i10": "icd10cm",
    "icd10": "icd10cm",
    "icd-10-cm": "icd10cm",
    "http://www.cms.gov/medicare/coding/icd10": "icd10pcs",
    "http://hl7.org/fhir/sid/icd-10-pcs": "icd10pcs",
    "2.16.840.1.113883.6.4": "icd10pcs",
    "i10p": "icd10pcs",
    "icd-10-pcs": "icd10pcs",
    "http://hl7.org/fhir/sid/icd-9-cm": "icd9cm",
    "http://snomed.info/sct": "snomed",
    "2.16.840.1.113883.6.96": "snomed",
    "sct": "snomed",
    "http://loinc.org": "loinc",
    "2.16.840.1.113883.6.1": "loinc",
    "ln": "loinc",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "2.16.840.1.113883.6.88": "rxnorm",
    "http://hl7.org/fhir/sid/ndc": "ndc",
    "2.16.840.1.113883.6.69": "ndc",
    "http://hl7.org/fhir/sid/cvx": "cvx",
    "https://www.nubc.org/codesystem/revenuecodes": "revenue",
    "2.16.840.1.113883.6.301.3": "revenue",
    "https://www.nubc.org/codesystem/typeofbill": "bill-type",
    "https://www.nubc.org/codesystem/patdischargestatus": "disposition",
    "https://www.cms.gov/medicare/coding/place-of-service-codes/place_of_service_code_set": "pos",
    "http://terminology.hl7.org/codesystem/v3-actcode": "act",
    "https://nahdo.org/sopt": "sopt",
    "urn:oid:2.16.840.1.113883.3.221.5": "sopt",
    "urn:warmhandoff:ingredient": "ingredient",
    "urn:warmhandoff:specialty": "specialty",
}
"""Short names by URI, OID or HL7 v2 table 0396 name, in lower case. Another system keeps its own name."""

_BLANKS = re.compile(r"\s*/\s*|\s+")
"""Blanks between words; those around the slash of a combination mean nothing."""
_DASHED_NDC = re.compile(r"(\d{4,5})-(\d{3,4})-(\d{1,2})")


@lru_cache(maxsize=100_000)
def coded(system: str, code: str) -> str:
    """A code in the form in which it is compared; "" for an empty code."""
    name = system.strip().lower().removesuffix("/")
    name = SYSTEMS.get(name.removeprefix("urn:oid:"), SYSTEMS.get(name, name))
    text = _plain(name, code.strip())
    return f"{name}|{text}" if text else ""


def _plain(system: str, code: str) -> str:
    match system:
        case "icd10cm" | "icd10pcs" | "icd9cm":
            return code.upper().replace(".", "")
        case "revenue":
            return code.zfill(4) if code.isdigit() else code.upper()
        case "pos" | "disposition":
            return code.zfill(2) if code.isdigit() else code.upper()
        case "ndc":
            if dashed := _DASHED_NDC.fullmatch(code):
                labeler, product, package = dashed.groups()
                return labeler.zfill(5) + product.zfill(4) + package.zfill(2)
            return code.replace("-", "")
        case "hcpcs" | "bill-type":
            return code.upper()
        case "ingredient" | "specialty":
            return _BLANKS.sub(lambda blanks: "/" if "/" in blanks[0] else " ", code.lower())
    return code
