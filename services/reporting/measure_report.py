"""FHIR MeasureReports: one unit, a summary, and the list of who is in which population.

Populations are raw: the denominator keeps excluded units. The score is the net rate, and absent when undefined.

Source: FHIR R4 MeasureReport; Da Vinci DEQM (individual, summary and subject-list profiles); contract "MeasureReport".
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from models.subjects import is_member
from services.measures.verdicts import Because, Population, UnitResult
from services.reporting.counting import Populations, Row, by_stratum, count, raw
from services.reporting.elements import (
    URN,
    Json,
    canonical,
    concept,
    evidence,
    improvement,
    organization,
    patient_id,
    populations,
    profile,
    resource_id,
    score,
    scoring,
)
from services.reporting.heading import Heading, Measure

NO_STRATA: Mapping[tuple[str, str], Populations] = {}


def summary(
    measure: Measure,
    heading: Heading,
    total: Populations,
    strata: Mapping[tuple[str, str], Populations] = NO_STRATA,
) -> Json:
    """A summary of many units, in all and by stratum."""
    kinds = groupby(sorted(strata), key=lambda stratum: stratum[0])
    stratifiers = [_stratifier(measure, kind, [(each, strata[each]) for each in found]) for kind, found in kinds]
    report = _report("summary", measure, heading, _whole_id("summary", measure, heading))
    report["meta"] = profile("deqm-summarymeasurereport")
    report["extension"].append({"url": f"{URN}:provisional", "valueInteger": total.provisional})
    report["group"] = [_group(measure, total) | ({"stratifier": stratifiers} if stratifiers else {})]
    return report


def individual(measure: Measure, heading: Heading, row: Row, result: UnitResult | None = None) -> Json:
    """The report of one unit; what it rests on stands in `evaluatedResource`, where a result is given."""
    counted = raw(row.contribution, heading)
    report = _report("individual", measure, heading, individual_id(row))
    report["meta"] = profile("deqm-individualmeasurereport")
    report["subject"] = subject(row.subject)
    report["extension"] += [
        {"url": f"{URN}:unit", "valueString": row.contribution.unit or row.subject},
        {"url": f"{URN}:provisional", "valueBoolean": bool(counted.provisional)},
    ]
    if row.contribution.value is not None:
        report["extension"].append({"url": f"{URN}:value", "valueDecimal": row.contribution.value})
    report["group"] = [_group(measure, counted)]
    if found := _evidence(result):
        report["evaluatedResource"] = found
    return report


def subject_list(measure: Measure, heading: Heading, rows: Sequence[Row]) -> Json:
    """A summary whose populations list the individual reports that are in them."""
    report = summary(measure, heading, count(rows, heading), by_stratum(rows, heading))
    report["id"] = _whole_id("subject-list", measure, heading)
    report["meta"] = profile("deqm-subjectlistmeasurereport")
    report["type"] = "subject-list"
    lists: list[Json] = []
    for listed, name in zip(report["group"][0]["population"], measure.populations, strict=True):
        lists.append(_members(name, (row for row in rows if raw(row.contribution, heading).of(name))))
        listed["subjectResults"] = {"reference": f"#{name}"}
    report["contained"] = lists
    return report


def individual_id(row: Row) -> str:
    """The id of the individual report of a row: the same whenever it is made."""
    return resource_id("individual", row.subject, *row.contribution.key)


def _whole_id(kind: str, measure: Measure, heading: Heading) -> str:
    return resource_id(kind, measure.id, measure.version, heading.period, heading.reporter.id)


def subject(subject_id: str) -> Json:
    """A member as Patient. What is no member (a provider's files to a plan) is no resource that R4 allows here."""
    if is_member(subject_id):
        return {
            "reference": f"Patient/{patient_id(subject_id)}",
            "identifier": {"system": f"{URN}:member", "value": subject_id},
        }
    return {"identifier": {"system": f"{URN}:subject", "value": subject_id.removeprefix("@")}}


def _report(kind: str, measure: Measure, heading: Heading, report_id: str) -> Json:
    label = [{"url": f"{URN}:label", "valueString": measure.label}] if measure.label else []
    return {
        "resourceType": "MeasureReport",
        "id": report_id,
        "extension": [scoring(measure), *label],
        "status": "complete",
        "type": kind,
        "measure": canonical(measure),
        "date": heading.at.isoformat(),
        "reporter": organization(heading.reporter),
        "period": {"start": heading.first.isoformat(), "end": heading.last.isoformat()},
        "improvementNotation": improvement(measure),
    }


def _group(measure: Measure, counted: Populations) -> Json:
    return {
        "code": concept(f"{URN}:measure", measure.id, measure.title),
        "population": populations(measure, counted),
        **score(measure, counted.rate),
    }


def _stratifier(measure: Measure, kind: str, strata: Sequence[tuple[tuple[str, str], Populations]]) -> Json:
    return {
        "code": [concept(f"{URN}:stratifier", kind)],
        "stratum": [
            {"value": {"text": value}, "population": populations(measure, counted), **score(measure, counted.rate)}
            for (_, value), counted in strata
        ],
    }


def _members(name: Population, rows: Iterable[Row]) -> Json:
    listed = [{"item": {"reference": f"MeasureReport/{individual_id(row)}"}} for row in rows]
    shown: Json = {
        "resourceType": "List",
        "id": name,
        "meta": profile("deqm-individualmeasurereportlist"),
        "status": "current",
        "mode": "snapshot",
    }
    # An empty array is no FHIR: an empty list is one without entries.
    return shown | ({"entry": listed} if listed else {})


def _evidence(result: UnitResult | None) -> list[Json]:
    """Each fact once, with every population that it made true."""
    if result is None:
        return []
    asked: dict[tuple[str, str], list[Population]] = {}
    facts: dict[tuple[str, str], Because] = {}
    for verdict in result.verdicts:
        for because in verdict.because:
            key = because.kind, because.id
            facts.setdefault(key, because)
            if verdict.population not in asked.setdefault(key, []):
                asked[key].append(verdict.population)
    return [evidence(because, asked[key]) for key, because in facts.items()]
