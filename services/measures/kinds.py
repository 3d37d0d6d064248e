"""The kinds of fact that a page may ask for, and the statuses that count where it does not say."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from services.measures.items import Item

_NO_ORDERS = frozenset({"proposal", "plan", "option"})
"""Intents of what nobody ordered yet. Source: FHIR R4, value set request-intent."""


class Kind(msgspec.Struct, frozen=True):
    """A kind: the statuses that count ("" is one that was not written), and how sentences name it."""

    words: str
    statuses: frozenset[str] | None
    coded: bool = True

    def counts(self, item: "Item") -> bool:
        """Whether an item's status counts, where a page does not ask for another."""
        if item.refused or item.intent in _NO_ORDERS:
            return False
        return self.statuses is None or item.status in self.statuses


_ORDERED = frozenset({"", "active", "completed"})
_VERIFIED = frozenset({"", "confirmed", "unconfirmed", "provisional", "differential"})
_HELD = frozenset({"active", "on_leave", "finished", "closed_inferred"})

KINDS: dict[str, Kind] = {
    "encounter": Kind("an encounter", frozenset({"", "finished"})),
    "claim": Kind("a claim", frozenset({"", "paid", "denied"})),
    "visit": Kind("a visit", frozenset({"", "finished", "paid", "denied"})),
    "stay": Kind("a stay", _HELD | {""}, coded=False),
    "condition": Kind("a diagnosis", _VERIFIED),
    "observation": Kind("a result", frozenset({"", "final", "amended", "corrected"})),
    "procedure": Kind("a procedure", frozenset({"", "completed"})),
    "order": Kind("a prescription", _ORDERED),
    "service-order": Kind("an order", _ORDERED),
    "device-order": Kind("a device order", _ORDERED),
    "fill": Kind("a fill", frozenset({"", "completed", "in-progress", "on-hold", "dispensed"})),
    "administration": Kind("an administered drug", frozenset({"", "completed", "in-progress"})),
    "coverage": Kind("coverage", frozenset({"", "active"})),
    "event": Kind("an event", None, coded=False),
    "task": Kind("a task", frozenset({"", "completed"})),
    "communication": Kind("a communication", frozenset({"", "completed"})),
    "device": Kind("a device", frozenset({"", "active"})),
    "allergy": Kind("an allergy", None),
    "immunization": Kind("an immunization", frozenset({"", "completed"})),
}
"""Source: FHIR R4 value sets of each type's status; measure-vocabulary §3 and §7."""

SETTINGS = frozenset(
    {
        "acute",
        "psych",
        "psych_res",
        "sud_res",
        "snf",
        "ltc",
        "irf",
        "ltach",
        "observation",
        "emergency",
        "outpatient",
        "other",
    }
)
CLASSES = frozenset({"inpatient", "observation", "emergency", "outpatient", "snf", "ltc", "other"})
