"""A gaps-in-care report of one member: a document that holds a Composition, and for each gap a MeasureReport and a
DetectedIssue.

Source: Da Vinci DEQM, gaps in care reporting (bundle, composition, detected issue); LOINC 96315-7.
"""

from collections.abc import Iterator, Sequence
from html import escape

from services.measures.verdicts import Missing
from services.reporting.elements import (
    BASE,
    DEQM,
    URN,
    Json,
    concept,
    organization,
    organization_id,
    patient_id,
    profile,
    resource_id,
)
from services.reporting.gaps import Gap, Worth
from services.reporting.heading import Heading
from services.reporting.measure_report import individual, individual_id

_STATUS = "http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-gaps-status"


def gaps_bundle(member_id: str, heading: Heading, gaps: Sequence[Gap]) -> Json:
    """The open gaps of one member; a member without any has a document that says so."""
    stamp = heading.at.isoformat()
    bundle_id = resource_id("gaps", member_id, heading.period, stamp)
    resources = [_composition(member_id, heading, gaps, bundle_id)]
    for gap in gaps:
        resources += [individual(gap.measure, heading, gap.row, gap.result), _issue(member_id, heading, gap)]
    resources += [_patient(member_id), _organization(heading)]
    return {
        "resourceType": "Bundle",
        "id": bundle_id,
        "meta": profile("deqm-gapsincarebundle"),
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{bundle_id}"},
        "type": "document",
        "timestamp": stamp,
        "entry": [{"fullUrl": f"{BASE}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources],
    }


def sentences(missing: Sequence[Missing]) -> Iterator[str]:
    """What is missing, one sentence a thing, with its last day; alternatives follow in the same sentence."""
    for each in missing:
        told = _told(each)
        yield f"{told[:1].upper()}{told[1:]}."


def _told(missing: Missing) -> str:
    until = f" (until {missing.until.isoformat()})" if missing.until else ""
    others = "; or ".join(map(_told, missing.alternatives))
    return f"{missing.sentence.removesuffix('.')}{until}{': ' if others else ''}{others}"


def _composition(member_id: str, heading: Heading, gaps: Sequence[Gap], bundle_id: str) -> Json:
    sections = [_section(gap) for gap in gaps]
    return {
        "resourceType": "Composition",
        "id": resource_id("composition", bundle_id),
        "meta": profile("deqm-gapsincarecomposition"),
        "status": "final",
        "type": concept("http://loinc.org", "96315-7", "Gaps in care report"),
        "subject": {"reference": f"Patient/{patient_id(member_id)}"},
        "date": heading.at.isoformat(),
        "author": [organization(heading.reporter)],
        "title": f"Gaps in care, {heading.period}",
        "section": sections or [{"title": "No open gaps", "text": _narrative(["No measure has an open gap."])}],
    }


def _section(gap: Gap) -> Json:
    told = [*sentences(gap.missing), *map(_worth_sentence, gap.worth)]
    return {
        "title": gap.measure.title or gap.measure.id,
        "focus": {"reference": f"MeasureReport/{individual_id(gap.row)}"},
        "text": _narrative(told),
        "entry": [{"reference": f"DetectedIssue/{_issue_id(gap)}"}],
    }


def _issue(member_id: str, heading: Heading, gap: Gap) -> Json:
    until = [{"url": f"{URN}:gap-until", "valueDate": gap.until.isoformat()}] if gap.until else []
    only_late = [{"url": f"{URN}:gap-evidence-only", "valueBoolean": True}] if gap.late else []
    extensions = [*until, *only_late, *(_worth_extension(worth) for worth in gap.worth)]
    status = {"url": f"{DEQM}/deqm-gapStatus", "valueCodeableConcept": concept(_STATUS, "open-gap")}
    return {
        "resourceType": "DetectedIssue",
        "id": _issue_id(gap),
        "meta": profile("deqm-gapsincaredetectedissue"),
        **({"extension": extensions} if extensions else {}),
        "modifierExtension": [status],
        "status": "final",
        "code": concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "CAREGAP", "Caregap"),
        "patient": {"reference": f"Patient/{patient_id(member_id)}"},
        "identifiedDateTime": heading.at.isoformat(),
        "evidence": [{"detail": [{"reference": f"MeasureReport/{individual_id(gap.row)}"}]}],
        "detail": " ".join(sentences(gap.missing)),
    }


def _issue_id(gap: Gap) -> str:
    return resource_id("issue", gap.row.subject, *gap.row.contribution.key)


def _worth_extension(worth: Worth) -> Json:
    amount = {"value": float(worth.amount), "currency": "USD"}
    return {
        "url": f"{URN}:gap-worth",
        "extension": [
            {"url": "program", "valueString": worth.program},
            {"url": "amount", "valueMoney": amount},
            {"url": "amount-exact", "valueString": str(worth.amount)},
        ],
    }


def _worth_sentence(worth: Worth) -> str:
    return worth.sentence or f"{worth.program} pays {worth.amount} dollars more when it closes."


def _narrative(lines: Sequence[str]) -> Json:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{items}</ul></div>'}


def _patient(member_id: str) -> Json:
    """Who it is about, by identifier alone: a report tells no more of a person than its reader must know."""
    return {
        "resourceType": "Patient",
        "id": patient_id(member_id),
        "identifier": [{"system": f"{URN}:member", "value": member_id}],
    }


def _organization(heading: Heading) -> Json:
    reporter = heading.reporter
    return {
        "resourceType": "Organization",
        "id": organization_id(reporter),
        "identifier": [{"system": f"{URN}:organization", "value": reporter.id}],
        "name": reporter.name or reporter.id,
    }
