"""Procedure, Immunization, Communication, Device, and orders of services and devices: what was done or asked for."""

from collections.abc import Iterator

from connectors.fhir.elements import codes, node, text, texts
from connectors.fhir.telling import Telling
from connectors.fhir.times import Span, period, span, stamp_at, when
from models.clinical import Clinical, ClinicalKind

_UNDONE = frozenset({"rejected", "failed", "cancelled"})


def procedure(told: Telling) -> Iterator[Clinical]:
    """A procedure done, or not done."""
    performed = when(told.resource, "performed")
    yield told.clinical(
        "procedure",
        codes=codes(told.resource, "code"),
        start=performed.start,
        # A point in time ends as it begins; a Period without an end goes on.
        end=performed.end or (performed.start if "performedDateTime" in told.resource else None),
        recorded=told.recorded(),
        reasons=told.reasons(),
        site=codes(told.resource, "bodySite"),
        categories=codes(told.resource, "category"),
        refused=text(told.resource, "status") == "not-done",
    )


def immunization(told: Telling) -> Iterator[Clinical]:
    """A vaccination given, or not given."""
    given = when(told.resource, "occurrence")
    yield told.clinical(
        "immunization",
        codes=codes(told.resource, "vaccineCode"),
        start=given.start,
        end=given.end,
        recorded=stamp_at(told.resource, "recorded") or told.recorded(),
        reasons=told.reasons(),
        site=codes(told.resource, "site"),
        refused=text(told.resource, "status") == "not-done",
    )


def communication(told: Telling) -> Iterator[Clinical]:
    """Something told to someone: its topic, else its reason, says what."""
    sent, received = stamp_at(told.resource, "sent"), stamp_at(told.resource, "received")
    yield told.clinical(
        "communication",
        codes=codes(told.resource, "topic") or codes(told.resource, "reasonCode"),
        start=sent or received,
        end=received,
        recorded=told.recorded(),
        reasons=told.reasons(),
        categories=codes(told.resource, "category"),
        refused=text(told.resource, "status") == "not-done",
    )


def device(told: Telling) -> Iterator[Clinical]:
    """A device of a patient."""
    yield told.clinical("device", codes=codes(told.resource, "type"), reasons=told.reasons())


def service_order(told: Telling) -> Iterator[Clinical]:
    """A referral or an order of a service, or that it shall not be done."""
    yield _order(told, "service-order", codes(told.resource, "code"))


def device_order(told: Telling) -> Iterator[Clinical]:
    """An order of a device, or that it shall not be had."""
    yield _order(told, "device-order", told.concept("code"))


def _order(told: Telling, kind: ClinicalKind, what: tuple[str, ...]) -> Clinical:
    authored = stamp_at(told.resource, "authoredOn")
    planned = Span(authored) if authored else when(told.resource, "occurrence")
    return told.clinical(
        kind,
        codes=what,
        start=planned.start,
        end=planned.end,
        recorded=authored,
        reasons=told.reasons(),
        site=codes(told.resource, "bodySite"),
        categories=codes(told.resource, "category"),
        refused=told.is_not_to_be_done(),
        intent=text(told.resource, "intent"),
    )


def task(told: Telling) -> Iterator[Clinical]:
    """A piece of work on a request. What it is, its own code says, and that of the request that it fulfils."""
    resource = told.resource
    request = told.referred("focus") or told.referred("basedOn")
    carried_out = period(node(resource, "executionPeriod"))
    if carried_out.start is None:
        carried_out = span(text(resource, "authoredOn"))
    profiles = " ".join(texts(node(resource, "meta"), "profile"))
    status = text(resource, "status")
    yield told.clinical(
        "task",
        codes=tuple(dict.fromkeys((*codes(resource, "code"), *codes(request, "code", "medicationCodeableConcept")))),
        start=carried_out.start,
        end=carried_out.end,
        recorded=stamp_at(resource, "authoredOn"),
        reasons=told.reasons(),
        refused=status in _UNDONE or "tasknotdone" in profiles,
        intent=text(resource, "intent"),
    )
