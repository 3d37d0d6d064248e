"""Courses of care, for measures: a member's claims, fills, care events and results, a hospital stay now and then."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from bench.world import Person, Told, stay

LONG = timedelta(days=700)
"""Nearly two years: two reporting periods, or three."""
BILLED_AFTER, ENTERED_AFTER = timedelta(days=20), timedelta(hours=3)
_MIX = "CRFECRCFCECRCFCERCCR"
"""Twenty facts: nine claims, five results, three fills, three care events."""
_A_STAY_EVERY = 60
_VISITS = ("99213", "99214", "90834", "98966", "99395", "97110")
_DIAGNOSES = ("I10", "E11.9", "F32.9", "J44.9", "M54.5", "K21.9", "I50.9")
_DRUGS = ("metformin", "lisinopril", "atorvastatin", "sertraline", "omeprazole")
_UCUM, _LOINC = "http://unitsofmeasure.org", "http://loinc.org"
_PRESSURE, _PARTS = "85354-9", (("8480-6", 105, 165), ("8462-4", 60, 100))
_TESTS = (("4548-4", 5, 11, "%"), ("44261-6", 0, 21, "{score}"))


def course(number: int, facts: int, until: datetime) -> list[Told]:
    """About so many facts of a member, in order of receipt; the last of them became known by an instant."""
    dice, person = Random(number), Person(number)
    told = [Told(until - LONG, _patient(person), "fhir")]
    for place in range(facts):
        day = until - LONG + LONG * place / facts
        told += _fact(_MIX[place % len(_MIX)], person, place, day, dice)
        if place % _A_STAY_EVERY == _A_STAY_EVERY - 1:
            told += _stay(person, place, day, dice)
    return sorted(line for line in told if line.at <= until)


def panel(number: int, facts: int, until: datetime) -> bytes:
    """The same life as one FHIR Bundle, as `evaluate` takes it."""
    dice, person = Random(number), Person(number)
    resources = [json.loads(_patient(person))]
    for place in range(facts):
        day = until - LONG + LONG * place / facts
        resources.append((_encounter, _condition, _dispense, _result)[place % 4](person, place, day, dice))
    return json.dumps({"resourceType": "Bundle", "type": "collection",
                       "entry": [{"resource": each} for each in resources]}).encode()  # fmt: skip


def _fact(letter: str, person: Person, place: int, day: datetime, dice: Random) -> Iterator[Told]:
    name = f"{person.member_id}-{place}"
    if letter == "C":
        yield _row("claims", day + BILLED_AFTER, claim_id=name, member_id=person.member_id, service_from=_day(day),
                   service_to=_day(day), place_of_service="11", procedure_codes=dice.choice(_VISITS),
                   diagnosis_codes=";".join(dice.sample(_DIAGNOSES, 2)), status="paid")  # fmt: skip
    elif letter == "F":
        yield _row("fills", day + ENTERED_AFTER, fill_id=name, member_id=person.member_id, fill_date=_day(day),
                   ingredient=dice.choice(_DRUGS), days_supply="30", status="dispensed")  # fmt: skip
    elif letter == "E":
        kind, outcome = dice.choice(("contact", "outreach_attempt")), dice.choice(("reached", "no_answer"))
        yield _row("care_events", day + ENTERED_AFTER, member_id=person.member_id, occurred_at=day.isoformat(),
                   type=kind, actor_id="L1", mode="phone", outcome=outcome)  # fmt: skip
    else:
        yield Told(day + ENTERED_AFTER, json.dumps(_result(person, place, day, dice)).encode(), "fhir")


def _stay(person: Person, place: int, day: datetime, dice: Random) -> Iterator[Told]:
    """As its hospital tells it, and as it is billed where it was a bed stay."""
    lines = list(stay(person, day, dice, updates=1))
    yield from lines
    if b"|ADT^A01^" in lines[0].body:
        first, last = _day(lines[0].at), _day(lines[-1].at)
        yield _row("claims", lines[-1].at + BILLED_AFTER, claim_id=f"{person.member_id}-H{place}",
                   member_id=person.member_id, service_from=first, service_to=last, admit_date=first,
                   discharge_date=last, bill_type="111", revenue_codes="0120", disposition="01",
                   diagnosis_codes=dice.choice(_DIAGNOSES), status="paid")  # fmt: skip


def _row(kind: str, at: datetime, **cells: str) -> Told:
    return Told(at, f"{','.join(cells)}\n{','.join(cells.values())}\n".encode(), kind)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _patient(person: Person) -> bytes:
    known = [{"system": "http://hl7.org/fhir/sid/us-medicaid", "value": person.cin}]
    named = [{"family": person.surname, "given": [person.given]}]
    about = {"identifier": known, "name": named, "birthDate": person.born, "gender": "female"}
    return json.dumps({"resourceType": "Patient", "id": person.mrn, **about}).encode()


def _result(person: Person, place: int, day: datetime, dice: Random) -> dict[str, object]:
    head = {**_head("Observation", person, place), "status": "final", "effectiveDateTime": day.isoformat()}
    head["category"] = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
                                     "code": "vital-signs"}]}]  # fmt: skip
    if dice.random() < 0.6:
        parts = [
            {"code": _coded(_LOINC, code), "valueQuantity": _quantity(dice.randrange(low, high), "mm[Hg]")}
            for code, low, high in _PARTS
        ]
        return {**head, "code": _coded(_LOINC, _PRESSURE), "component": parts}
    code, low, high, unit = dice.choice(_TESTS)
    return {**head, "code": _coded(_LOINC, code), "valueQuantity": _quantity(dice.randrange(low, high), unit)}


def _encounter(person: Person, place: int, day: datetime, dice: Random) -> dict[str, object]:
    kind = _coded("http://www.ama-assn.org/go/cpt", dice.choice(_VISITS))
    span = {"start": day.isoformat(), "end": (day + timedelta(minutes=30)).isoformat()}
    ambulatory = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    return {**_head("Encounter", person, place), "status": "finished", "class": ambulatory, "type": [kind],
            "period": span}  # fmt: skip


def _condition(person: Person, place: int, day: datetime, dice: Random) -> dict[str, object]:
    base = "http://terminology.hl7.org/CodeSystem/condition-"
    return {**_head("Condition", person, place), "clinicalStatus": _coded(f"{base}clinical", "active"),
            "verificationStatus": _coded(f"{base}ver-status", "confirmed"), "onsetDateTime": day.isoformat(),
            "code": _coded("http://hl7.org/fhir/sid/icd-10-cm", dice.choice(_DIAGNOSES))}  # fmt: skip


def _dispense(person: Person, place: int, day: datetime, dice: Random) -> dict[str, object]:
    supply = {"value": 30, "unit": "d", "system": _UCUM, "code": "d"}
    return {**_head("MedicationDispense", person, place), "status": "completed", "daysSupply": supply,
            "whenHandedOver": day.isoformat(),
            "medicationCodeableConcept": _coded("urn:warmhandoff:ingredient", dice.choice(_DRUGS))}  # fmt: skip


def _head(kind: str, person: Person, place: int) -> dict[str, object]:
    return {"resourceType": kind, "id": f"r{person.number}-{place}", "subject": {"reference": f"Patient/{person.mrn}"}}


def _coded(system: str, code: str) -> dict[str, object]:
    return {"coding": [{"system": system, "code": code}]}


def _quantity(number: int, unit: str) -> dict[str, object]:
    return {"value": number, "unit": unit, "system": _UCUM, "code": unit}
