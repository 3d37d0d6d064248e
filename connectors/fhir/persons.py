"""Patients as identity sees them: the key of a source patient, and how a resource describes the person.

Source: contract, "Identity" (us-medicaid is a CIN, us-mbi an MBI); HL7 table 0203 for types of other identifiers.
"""

from collections.abc import Iterator
from typing import NamedTuple

from connectors.fhir.elements import EMPTY, Json, code_of, codes, extensions, node, nodes, text, texts
from connectors.fhir.surroundings import Surroundings, condition, local
from connectors.fhir.times import stamp_at
from models.clinical import Demographics
from models.events import DeathWord, Fact, Known, PatientEdge, Persona
from models.names import short
from models.patients import key_of
from services.identity import normalise

_SYSTEMS = {
    "http://hl7.org/fhir/sid/us-medicaid": "cin",
    "http://hl7.org/fhir/sid/us-mbi": "mbi",
    "urn:oid:2.16.840.1.113883.4.927": "mbi",
}
_TYPES = {"MA": "cin", "MC": "mbi", "MB": "plan_member"}
_READ = {"cin": normalise.cin, "mbi": normalise.mbi, "plan_member": normalise.plan_member}
_SUBJECTS = ("subject", "patient", "beneficiary", "for")
NOBODY = Persona()


class Subject(NamedTuple):
    """Whom a resource is about: the source patient's key, and what the reference itself says of the person."""

    key: str
    persona: Persona = NOBODY


def subject_of(resource: Json, feed: str, around: Surroundings) -> Subject | None:
    """Whom a resource is about; None when it does not say, or speaks of no patient.

    A reference names the patient within the feed. An identifier alone does too: its kind, else its system, stands for
    the authority. A task that names nobody is about whom the request that it fulfils is about.
    """
    for name in _SUBJECTS:
        if reference := node(resource, name):
            return _meant(reference, resource, feed, around)
    for name in ("focus", "basedOn"):
        if request := around.of(resource, name):
            return next((_meant(node(request, x), request, feed, around) for x in _SUBJECTS if x in request), None)
    return None


def patient_key(feed: str, authority: str, value: str) -> str:
    """The key of a patient.

    Raises:
        MessageIsWrong: a part of it is too long a name.
    """
    return key_of(feed, short(authority, "identifier.system"), short(value, "identifier.value"))


def _meant(reference: Json, within: Json, feed: str, around: Surroundings) -> Subject | None:
    written, identifier = text(reference, "reference"), node(reference, "identifier")
    if asked := condition(written):
        kind, identifier = asked
        return _identified(identifier, feed) if kind == "Patient" else None
    persona = Persona(_identifiers([identifier]))
    found = around.referred(reference, within)
    if found and text(found, "resourceType") != "Patient":
        return None
    if found and not written.startswith("#"):
        return Subject(patient_key(feed, "Patient", id_of(found, written)), persona)
    if found:  # a contained patient exists nowhere else: who it is, its identifiers say
        described = _persona(found)
        named = next((one for one in nodes(found, "identifier") if text(one, "value")), identifier)
        subject = _identified(named, feed)
        return Subject(subject.key, described) if subject else None
    if written.startswith("urn:"):
        return Subject(patient_key(feed, "Patient", written.rpartition(":")[2]), persona)
    kind, _, own = local(written).partition("/")
    if own:
        return Subject(patient_key(feed, "Patient", own), persona) if kind == "Patient" else None
    return _identified(identifier, feed)


def _identified(identifier: Json, feed: str) -> Subject | None:
    value = text(identifier, "value")
    if not value:
        return None
    persona = Persona(_identifiers([identifier]))
    for kind, normal in persona.identifiers:
        return Subject(patient_key(feed, kind.upper(), normal), persona)
    return Subject(patient_key(feed, text(identifier, "system"), value.upper()), persona)


def id_of(resource: Json, url: str) -> str:
    """What a resource is called within its type: its id, else an identifier, else the id in its full URL; else ""."""
    if own := text(resource, "id"):
        return own
    for identifier in nodes(resource, "identifier"):
        if value := text(identifier, "value"):
            return f"{text(identifier, 'system')}#{value}"
    return url.rpartition(":")[2] if url.startswith("urn:") else local(url).partition("/")[2]


def patient_facts(patient: Json, key: str, feed: str, around: Surroundings) -> Iterator[Fact]:
    """What a Patient resource says: who it is, whether it died, what strata it belongs to, and what it replaces."""
    yield Known(key, _persona(patient))
    died_at = stamp_at(patient, "deceasedDateTime")
    if text(patient, "deceasedDateTime") or patient.get("deceasedBoolean") is True:
        yield DeathWord(key, True, died_at)
    elif patient.get("deceasedBoolean") is False:
        yield DeathWord(key, died=False)
    described = demographics_of(patient, key)
    short(described.language, "Patient.communication.language")
    for code in (*described.race, *described.ethnicity):
        short(code, "Patient.extension")
    if described != Demographics(key):
        yield described
    for link in nodes(patient, "link"):
        other = _meant(node(link, "other"), patient, feed, around)
        if other and other.key != key and (edge := _edge(text(link, "type"), key, other.key)):
            yield edge


def demographics_of(patient: Json, key: str) -> Demographics:
    """Gender as written, US Core race and ethnicity, and the language that is preferred, else the first."""
    spoken = nodes(patient, "communication")
    preferred = [one for one in spoken if one.get("preferred") is True] or spoken
    language = next(
        (text(coding, "code") for one in preferred for coding in nodes(node(one, "language"), "coding")), ""
    )
    return Demographics(
        source_patient=key,
        gender=text(patient, "gender"),
        race=_categories(patient, "us-core-race"),
        ethnicity=_categories(patient, "us-core-ethnicity"),
        language=language,
    )


def _categories(patient: Json, ending: str) -> tuple[str, ...]:
    parts = [part for one in extensions(patient, ending) for part in nodes(one, "extension")]
    parts += extensions(patient, ending)  # DSTU2 and some senders write the concept without parts
    found = [code_of(node(part, "valueCoding")) for part in parts]
    found += [code for part in parts for code in codes(part, "valueCodeableConcept")]
    return tuple(sorted({code for code in found if code}))


def _edge(kind: str, key: str, other: str) -> PatientEdge | None:
    match kind:
        case "replaced-by":
            return PatientEdge("merge", key, other, "Patient.link")
        case "replaces":
            return PatientEdge("merge", other, key, "Patient.link")
    return None


def _persona(patient: Json) -> Persona:
    names = [
        one for one in nodes(patient, "name") if text(one, "use") not in {"old", "maiden", "nickname", "anonymous"}
    ]
    name = next((one for one in names if text(one, "family")), EMPTY)
    surname = normalise.surname(text(name, "family"))
    given = normalise.given(next(iter(texts(name, "given")), ""))
    return Persona(
        _identifiers(nodes(patient, "identifier")),
        normalise.birth_date(text(patient, "birthDate")),
        surname,
        given if surname else "",
    )


def _identifiers(identifiers: list[Json]) -> tuple[tuple[str, str], ...]:
    found = set()
    for identifier in identifiers:
        kind = _SYSTEMS.get(text(identifier, "system").removesuffix("/")) or _type(identifier)
        if kind and text(identifier, "use") != "old" and (normal := _READ[kind](text(identifier, "value"))):
            found.add((kind, short(normal, "identifier.value")))
    return tuple(sorted(found))


def _type(identifier: Json) -> str:
    said = (text(coding, "code") for coding in nodes(node(identifier, "type"), "coding"))
    return next((_TYPES[code] for code in said if code in _TYPES), "")
