"""Observation and QuestionnaireResponse: what was measured, found or answered."""

import re
from collections.abc import Iterator, Mapping

from connectors.fhir.elements import Json, codes, nodes, text
from connectors.fhir.telling import Telling
from connectors.fhir.times import span, stamp_at, when
from connectors.fhir.values import NOTHING, Value, value_of
from models.clinical import Clinical, Part
from models.codes import coded

_LOINC = re.compile(r"(?:.*/)?(\d{1,7}-\d)", re.ASCII)
_STATUS = {"completed": "final", "in-progress": "preliminary", "stopped": "preliminary"}


def observation(told: Telling) -> Iterator[Clinical]:
    """A measurement or finding. A panel's parts are its components."""
    resource, what = told.resource, codes(told.resource, "code")
    taken, value = when(resource, "effective"), _value(told, resource, what, "Observation")
    reasons = told.reasons()
    yield told.clinical(
        "observation",
        codes=what,
        start=taken.start,
        end=taken.end,
        recorded=stamp_at(resource, "issued") or told.recorded(),
        number=value.number,
        unit=value.unit,
        answers=value.answers,
        answered=value.answered,
        parts=tuple(_part(told, component) for component in nodes(resource, "component")),
        reasons=reasons,
        site=codes(resource, "bodySite"),
        categories=codes(resource, "category"),
        refused=text(resource, "status") == "cancelled" or bool(reasons),
    )


def _part(told: Telling, component: Json) -> Part:
    what = codes(component, "code")
    value = _value(told, component, what, "Observation.component")
    return Part(what, value.number, value.answers)


def _value(told: Telling, element: Json, what: tuple[str, ...], where: str) -> Value:
    value = value_of(element, what)
    if value.unsure:
        told.flags.add(f"{'unknown_unit' if value.unit else 'no_unit'}:{where}.valueQuantity")
    return value


def answers(told: Telling) -> Iterator[Clinical]:
    """Each answered item of a questionnaire as an observation, groups and follow-up questions too.

    What an item is, its LOINC code says: in its link id, its definition, or the questionnaire when that is at hand.
    """
    resource = told.resource
    asked = {"reference": text(resource, "questionnaire").partition("|")[0]}
    known = _codes_by_link(told.around.referred(asked, resource))
    status = text(resource, "status")
    authored = span(text(resource, "authored"))
    for item in _items(resource):
        link = text(item, "linkId")
        what = known.get(link) or _own_codes(item)
        values = [_value(told, answer, what, "QuestionnaireResponse.item") for answer in nodes(item, "answer")]
        values = [value for value in values if value.answered]
        if not what or not values:
            continue
        first = next((value for value in values if value.number is not None), NOTHING)
        yield told.clinical(
            "observation",
            resource=f"{told.name}#{link}",
            status=_STATUS.get(status, status),
            codes=what,
            start=authored.start,
            end=authored.end,
            number=first.number,
            unit=first.unit,
            answers=tuple(dict.fromkeys(answer for value in values for answer in value.answers)),
            answered=True,
            categories=("http://terminology.hl7.org/codesystem/observation-category|survey",),
        )


def _items(element: Json) -> Iterator[Json]:
    for item in nodes(element, "item"):
        yield item
        yield from _items(item)
        for answer in nodes(item, "answer"):
            yield from _items(answer)


def _own_codes(item: Json) -> tuple[str, ...]:
    if found := codes(item, "code"):
        return found
    for written in (text(item, "linkId"), text(item, "definition")):
        if found_loinc := _LOINC.fullmatch(written):
            return (coded("http://loinc.org", found_loinc[1]),)
    return ()


def _codes_by_link(questionnaire: Json) -> Mapping[str, tuple[str, ...]]:
    return {text(item, "linkId"): found for item in _items(questionnaire) if (found := codes(item, "code"))}
