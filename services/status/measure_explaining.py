"""Why a measure counts a member as it does: population by population, the facts, what is missing and until when."""

from collections.abc import Iterable
from typing import Any

from models.measure import PageInfo
from models.reference import Reference
from models.time import Instant
from services.measures.verdicts import Because, Missing, Near, UnitResult, Verdict
from services.member.derive import explain_measure
from services.runtime.recall import facilities_of, facts_of, with_registry
from services.runtime.store.contract import Reader
from services.runtime.workset import Workset
from services.status.explaining import message_json
from services.status.shapes import time_json

Json = dict[str, Any]


def explain_units(
    reader: Reader, reference: Reference, page: PageInfo, subject: str, as_of: Instant, *, raw: bool = False
) -> Json | None:
    """Everything behind the units that a measure counts of a subject; None for a subject unknown at the instant."""
    results = results_of(reader, reference, page.measure, subject, as_of)
    if results is None:
        return None
    told = _Told(reader, reference, as_of, raw=raw)
    return {
        "as_of": time_json(as_of, reference.zone),
        "subject": subject,
        "measure": {
            "id": page.measure,
            "version": page.version,
            "label": page.label,
            "active": page.active,
            "missing_sets": list(page.missing_sets),
            "departures": list(page.departures),
            "source": page.source,
        },
        "units": [_unit(each, told) for each in results if each.version == page.version],
    }


def results_of(
    reader: Reader, reference: Reference, measure: str, subject: str, as_of: Instant
) -> list[UnitResult] | None:
    """A subject's units with their verdicts, derived again at an instant; None for a subject unknown then."""
    here = with_registry(reference, facilities_of(reader), as_of)
    facts = facts_of(Workset(reader), [subject], here.shadows, as_of).get(subject)
    if facts is None or not (facts.roster or facts.returns):
        return None
    return explain_measure(facts, here, measure, as_of)


class _Told:
    """The messages behind facts, by their names, as far as they had been received."""

    def __init__(self, reader: Reader, reference: Reference, as_of: Instant, *, raw: bool) -> None:
        self._reader, self._zone, self._as_of, self._raw = reader, reference.zone, as_of, raw

    def __call__(self, names: Iterable[str]) -> list[Json]:
        places = self._reader.messages(list(names))
        lines = ((place, self._reader.line(place.seq)) for place in places)
        return [
            message_json(self._reader, place, line, self._zone, raw=self._raw)
            for place, line in lines
            if line and line.received_at <= self._as_of
        ]


def _unit(result: UnitResult, told: _Told) -> Json:
    return {
        "unit": result.unit,
        "period": result.period,
        "first": result.first.isoformat(),
        "last": result.last.isoformat(),
        "populations": [
            {**_verdict(each, told), "status": result.status_of(each.population)} for each in result.verdicts
        ],
    }


def _verdict(verdict: Verdict, told: _Told) -> Json:
    return {
        "population": verdict.population,
        "met": verdict.met,
        "closes_on": verdict.closes_on.isoformat() if verdict.closes_on else None,
        "because": [_because(each, told) for each in verdict.because],
        "missing": [_missing(each) for each in verdict.missing],
        "near": [_near(each) for each in verdict.near],
    }


def _because(each: Because, told: _Told) -> Json:
    return {**_fact(each), "definition": each.definition or None, "messages": told(each.names)}


def _near(each: Near) -> Json:
    return {**_fact(each), "reason": each.reason}


def _fact(each: Because | Near) -> Json:
    return {"kind": each.kind, "id": each.id, "day": each.day.isoformat() if each.day else None}


def _missing(each: Missing) -> Json:
    return {
        "sentence": each.sentence,
        "until": each.until.isoformat() if each.until else None,
        "alternatives": [_missing(other) for other in each.alternatives],
    }
