"""One resource under reading: whom it is about, and what all types say alike."""

from typing import Any

import msgspec

from connectors.fhir.elements import EMPTY, Json, codes, extensions, node, nodes, once, text
from connectors.fhir.surroundings import Surroundings, local
from connectors.fhir.times import span, stamp_at
from models.clinical import Clinical, ClinicalKind
from models.time import Stamp

_REASONS = ("notdonereason", "donotperformreason", "-statusreason")
_REFUSALS = ("donotperform", "donotpeform", "isnotperformed")
"""`qicore-doNotPeform` is how QI-Core published it for a time."""


class Telling(msgspec.Struct, frozen=True):
    """A resource and its place.

    Args:
        resource: its elements. name: `Observation/bp1`. subject: the source patient's key.
        around: the other resources of its body. modified: when the server says that this version was made.
        flags: takes what had to be left open, such as `unknown_unit:Observation.valueQuantity`.
    """

    resource: Json
    name: str
    subject: str
    around: Surroundings
    modified: str
    flags: set[str]

    def clinical(self, kind: ClinicalKind, **more: Any) -> Clinical:
        """The fact, with what all types have: status, version, encounter."""
        told: dict[str, Any] = {"status": text(self.resource, "status"), "resource": self.name} | more
        encounter, act_class = self._encounter() if kind != "encounter" else ("", told.pop("act_class", ""))
        return Clinical(
            kind=kind,
            source_patient=self.subject,
            updated=self._updated(),
            encounter=encounter,
            act_class=act_class,
            **told,
        )

    def _updated(self) -> Stamp | None:
        return stamp_at(node(self.resource, "meta"), "lastUpdated") or span(self.modified).start

    def _encounter(self) -> tuple[str, str]:
        """The encounter that a resource names, and the class of one that is at hand."""
        reference = node(self.resource, "encounter") or node(self.resource, "context")
        if not reference:
            return "", ""
        found, written = self.around.referred(reference, self.resource), text(reference, "reference")
        act_class = text(node(found, "class"), "code")
        if written.startswith("#"):
            return "", act_class
        own = text(found, "id")  # where it is referred to by the full URL of its entry
        return local(written) or (f"Encounter/{own}" if own else ""), act_class

    def reasons(self) -> tuple[str, ...]:
        """Why, or why not: reason codes, the codes of conditions referred to, status reasons, QI-Core's extensions."""
        found = [*codes(self.resource, "reasonCode", "statusReason")]
        for reference in nodes(self.resource, "reasonReference"):
            found += self.codes_behind(reference)
        for extension in extensions(self.resource, *_REASONS):
            found += codes(extension, "valueCodeableConcept")
        return once(found)

    def codes_behind(self, reference: Json) -> tuple[str, ...]:
        """The codes of a resource referred to; `reference|Condition/c1` when it is told elsewhere, so that whoever has
        both can bring them together.
        """
        if found := self.around.referred(reference, self.resource):
            return codes(found, "code")
        named = local(text(reference, "reference"))
        return (f"reference|{named}",) if named else ()

    def is_not_to_be_done(self) -> bool:
        """doNotPerform, as an element or as a modifier extension."""
        return self.resource.get("doNotPerform") is True or any(
            one.get("valueBoolean") is True for one in extensions(self.resource, *_REFUSALS)
        )

    def recorded(self) -> Stamp | None:
        """When it was recorded that something was not done (QI-Core's extension)."""
        return next((stamp_at(one, "valueDateTime") for one in extensions(self.resource, "core-recorded")), None)

    def concept(self, *stems: str) -> tuple[str, ...]:
        """The codes of a choice between a concept and a reference: `medication` reads medicationCodeableConcept and
        medicationReference, the latter's resource being in the bundle or contained.
        """
        found: list[str] = []
        for stem in stems:
            found += codes(self.resource, f"{stem}CodeableConcept")
            found += codes(self.referred(f"{stem}Reference"), "code", "type")
        return once(found)

    def referred(self, name: str) -> Json:
        """The resource that an element refers to; empty when it is not at hand."""
        return self.around.of(self.resource, name) if name in self.resource else EMPTY
