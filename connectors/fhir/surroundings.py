"""What references mean: the other resources of a bundle, and those that a resource contains.

Source: FHIR R4, Bundle "Resolving references in bundles"; conditional references are read as identifiers.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import unquote

from connectors.fhir.elements import EMPTY, Json, node, nodes, text

_TAIL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]{2,40})/([^/?#|]{1,128})(?:/_history/[^/]*)?")
_CONDITION = re.compile(r"([A-Z][A-Za-z]{2,40})\?(?:.*&)?identifier=([^&]*)")


class Surroundings:
    """The resources of one body.

    Args:
        told: (full URL or "", resource) of every entry, in order; of versions of one resource the first is found.
    """

    def __init__(self, told: Iterable[tuple[str, Json]]) -> None:
        self._found: dict[str, Json] = {}
        self._claims: list[Json] = []
        for url, resource in told:
            kind, own = text(resource, "resourceType"), text(resource, "id")
            if own:
                self._found.setdefault(f"{kind}/{own}", resource)
            if url:
                self._found.setdefault(url, resource)
            if kind == "Claim":
                self._claims.append(resource)
            elif kind == "Questionnaire" and text(resource, "url"):  # answers name it by its canonical URL
                self._found.setdefault(text(resource, "url"), resource)

    def referred(self, reference: Json, within: Json) -> Json:
        """The resource that a Reference means; empty when it is not here.

        Args:
            within: the resource that refers, for `#contained`.
        """
        written = text(reference, "reference")
        if written.startswith("#"):
            return next((one for one in nodes(within, "contained") if f"#{text(one, 'id')}" == written), EMPTY)
        return self._found.get(written) or self._found.get(local(written)) or EMPTY

    def of(self, within: Json, name: str) -> Json:
        """What the first reference of an element means."""
        return self.referred(node(within, name), within)

    def claimed(self, encounter: Json) -> list[tuple[Json, Json]]:
        """(claim, item) of the items that name an encounter, claims taken back apart."""
        return self._claimed.get(id(encounter), [])

    @cached_property
    def _claimed(self) -> dict[int, list[tuple[Json, Json]]]:
        found: dict[int, list[tuple[Json, Json]]] = {}
        for claim in self._claims:
            if text(claim, "status") in {"cancelled", "entered-in-error"}:
                continue
            for item in nodes(claim, "item"):
                for reference in nodes(item, "encounter"):
                    # By identity: the resources live as long as these surroundings.
                    found.setdefault(id(self.referred(reference, claim)), []).append((claim, item))
        return found


def local(written: str) -> str:
    """A reference as `Type/id`; "" for one of another form."""
    found = _TAIL.fullmatch(written)
    return f"{found[1]}/{found[2]}" if found else ""


def condition(written: str) -> tuple[str, Json] | None:
    """A conditional reference (`Patient?identifier=system|value`) as type and Identifier."""
    found = _CONDITION.fullmatch(written)
    if found is None:
        return None
    system, bar, value = unquote(found[2]).rpartition("|")
    return found[1], {"system": system if bar else "", "value": value}
