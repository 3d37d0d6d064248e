"""All items of a member, out of all facts: each fact enters once, and is remembered."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from models.clinical import Clinical
from models.events import CareEvent, Claim, Facility, Fill, Teller
from services.measures.entering.care_events import enter_care_event
from services.measures.entering.claims import enter_claim, place_of
from services.measures.entering.clinical import enter_clinical
from services.measures.entering.fills import enter_fill
from services.measures.entering.memory import Entered, Known, Nothing
from services.measures.entering.selecting import resource_key, standing_claims, standing_clinical, standing_fills
from services.measures.entering.stays import stay_items
from services.measures.entering.told_stays import ToldStay
from services.measures.items import Item
from services.measures.value_sets import ValueSets

F = TypeVar("F")
Tellers = tuple[Teller, ...]
Memory = Mapping[str, Known[Entered]]
"""By kind, what entered before, under the same surroundings."""


class Surroundings(msgspec.Struct, frozen=True, eq=False):
    """What entering reads besides facts: the same for all members.

    Args:
        zone: where days are counted. zone_of: by feed, for times that it writes without offset.
        facilities: by id and alias in upper case. sets: those that pages ask for.
    """

    zone: ZoneInfo
    sets: ValueSets
    facilities: Mapping[str, Facility] = {}
    zone_of: Callable[[str], ZoneInfo] | None = None

    def of_feed(self, feed: str) -> ZoneInfo:
        """The zone of a feed."""
        return self.zone_of(feed) if self.zone_of else self.zone


class Facts(msgspec.Struct, frozen=True, eq=False):
    """What is known of a member and counts in measures, each with its tellers; stays as messages told them."""

    claims: Mapping[Claim, Tellers] = {}
    fills: Mapping[Fill, Tellers] = {}
    care_events: Mapping[CareEvent, Tellers] = {}
    clinical: Mapping[Clinical, Tellers] = {}
    told: Iterable[ToldStay] = ()


Groups = Mapping[str, Callable[[], list[Item]]]
"""The items of a member by what they come from, each worked out when it is asked for."""


def groups_of(facts: Facts, around: Surroundings, memory: Memory) -> Groups:
    """The items of all facts that count, by the facts that they come from. What the roster says is apart."""

    def enter_event(event: CareEvent, tellers: Tellers) -> tuple[Item, ...]:
        return enter_care_event(event, tellers, around.zone)

    def enter_dispensed(fill: Fill, tellers: Tellers) -> tuple[Item, ...]:
        return enter_fill(fill, tellers, around.sets)

    return {
        "stays": lambda: stay_items(
            facts.told,
            standing_claims(facts.claims),
            around.facilities,
            around.zone,
            around.sets,
            _round(memory, "stays"),
        ),
        "claims": lambda: _claims(standing_claims(facts.claims), around, _round(memory, "claims")),
        "fills": lambda: _entered(standing_fills(facts.fills), enter_dispensed, _round(memory, "fills")),
        "events": lambda: _entered(facts.care_events.items(), enter_event, _round(memory, "events")),
        "clinical": lambda: _clinical(
            standing_clinical(facts.clinical, around.zone), around, _round(memory, "clinical")
        ),
    }


def _round(memory: Memory, kind: str) -> Known[Entered]:
    known = memory.get(kind) or Nothing[Entered]()
    known.next_round()
    return known


def items_of(facts: Facts, around: Surroundings) -> list[Item]:
    """All of them together, in no order."""
    return [item for enter in groups_of(facts, around, {}).values() for item in enter()]


def _claims(claims: Iterable[tuple[Claim, Tellers]], around: Surroundings, memory: Known[Entered]) -> list[Item]:
    def enter(claim: Claim, tellers: Tellers) -> tuple[Item, ...]:
        return enter_claim(claim, tellers, around.sets, place_of(claim, around.facilities))

    return _entered(claims, enter, memory)


def _clinical(clinical: Iterable[tuple[Clinical, Tellers]], around: Surroundings, memory: Known[Entered]) -> list[Item]:
    """Resources; one that names an encounter of its feed, and no class, has that encounter's."""
    standing = list(clinical)
    classes = {resource_key(one): one.act_class for one, _ in standing if one.kind == "encounter" and one.act_class}
    items: list[Item] = []
    for one, tellers in standing:
        lacks = bool(one.encounter) and not one.act_class
        act_class = classes.get(resource_key(one, one.encounter), "") if lacks else ""
        key = (id(one), id(tellers), act_class)
        found = memory.known(key)
        if found is None:
            zone = around.of_feed(one.source_patient.partition("|")[0])
            found = (one, tellers, enter_clinical(one, tellers, zone, around.sets, act_class))
        items += memory.keep(key, found)[2]
    return items


def _entered(
    told: Iterable[tuple[F, Tellers]], enter: Callable[[F, Tellers], tuple[Item, ...]], memory: Known[Entered]
) -> list[Item]:
    items: list[Item] = []
    for fact, tellers in told:
        key = (id(fact), id(tellers), "")
        found = memory.known(key) or (fact, tellers, enter(fact, tellers))
        items += memory.keep(key, found)[2]
    return items
