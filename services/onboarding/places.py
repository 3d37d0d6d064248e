"""Codes that a profile must know: facilities, patient classes, discharge dispositions (interop §2.6)."""

import re
from collections import Counter
from collections.abc import Mapping

import msgspec

from connectors.hl7v2.paths import parse_path
from connectors.hl7v2.profile import FeedProfile
from connectors.hl7v2.reader import Message
from models.events import Facility
from services.onboarding.sample import Sample
from services.onboarding.words import Count, Share, Witness, Words

_USUAL = tuple(map(parse_path, ("EVN-7", "PV1-39", "PV1-3.4", "MSH-4")))
_UNITS = tuple(map(parse_path, ("PV1-18", "PV1-10", "PV1-2", "PV1-3", "PV1-4")))
_OBSERVATION_CODES = frozenset({"OBS", "OBV", "OBSV", "OBSERVATION"})
# OB is obstetrics.
_OBSERVATION = re.compile(r"OBS|OBV|OBSV|OBSERV.*|.*\bOBSERVATION\b.*|OBS[-_ /].*|.*[-_ /]OBS")
_UB04 = frozenset(
    f"{code:02}"
    for codes in (range(1, 8), (9, 20, 21, 30), range(40, 44), (50, 51), range(61, 67), (69, 70), range(81, 96))
    for code in codes
)
"""Discharge dispositions; 08 was withdrawn."""
_VOLUME = 0.95
"""The part of the traffic whose facilities must be resolved (interop §6.4)."""


class FacilityPlace(msgspec.Struct, frozen=True):
    """One place where a facility may stand: how many messages about a visit fill it, with how many different words."""

    where: str
    stated: Share
    distinct: int
    words: list[Count]


class Resolution(msgspec.Struct, frozen=True):
    """Whether the facility registry knows the facilities of the sample, weighed by messages.

    `top` are the messages of the most frequent facilities that make 95 % of the traffic, `resolved` those of them that
    are known; `unresolved` are the facilities to map. Without a registry nothing is known: `known` is False.
    """

    known: bool
    stated: Share
    resolved: Share
    unresolved: list[Count]


class ObservationSign(msgspec.Struct, frozen=True):
    """A code that seems to say observation: where, beside which PV1-2, how often, and the class it is read as now."""

    where: str
    code: str
    beside: str
    read_as: str
    count: int


class PlaceFindings(msgspec.Struct, frozen=True):
    """`unknown_classes` are PV1-2 codes that the profile does not map; `unknown_dispositions` are codes outside UB-04
    that it does not map either. `dispositions_absent` is of the A03.
    """

    facilities: list[FacilityPlace]
    resolution: Resolution
    classes: list[Count]
    classes_absent: Share
    unknown_classes: list[Count]
    observation: list[ObservationSign]
    dispositions: list[Count]
    dispositions_absent: Share
    unknown_dispositions: list[Count]


class Places:
    """Collects `PlaceFindings`.

    Args:
        profile: how the feed is read.
        registry: facilities by id and alias, upper case; empty when there is none. It may still grow: it is asked last.
    """

    def __init__(self, profile: FeedProfile, registry: Mapping[str, Facility]) -> None:
        self._profile, self._registry = profile, registry
        self._facilities = {
            at: Words(1 if at.segment == "MSH" else 2) for at in dict.fromkeys((*profile.facility, *_USUAL))
        }
        self._first = Words()
        self._stated: Counter[tuple[str, ...]] = Counter()
        self._classes = Words(known=profile.classes.keys())
        self._dispositions = Words(known=_UB04 | profile.dispositions.keys())
        self._units = {at: Words(known=_OBSERVATION_CODES) for at in _UNITS}
        self._observation: Counter[tuple[str, str, str, str]] = Counter()
        self._counts: Counter[str] = Counter()

    def see(self, sample: Sample) -> None:
        """Take in a message; those that say nothing of a visit have no facility to state."""
        statement, message = sample.statement, sample.message
        if statement is None or message is None:
            return
        self._counts["visits"] += 1
        for at, words in self._facilities.items():
            words.see(at.read(message), sample.witness)
        self._first.see(next(iter(statement.facilities), ""), sample.witness)
        self._stated[statement.facilities] += 1
        code = self._profile.class_at.read(message).upper()
        self._classes.see(code, sample.witness)
        if b"OB" in sample.raw.upper():
            self._see_units(message, code, statement.patient_class, sample.witness)
        if sample.trigger == "A03":
            self._counts["A03"] += 1
            self._dispositions.see(_two_digits(self._profile.disposition.read(message).upper()), sample.witness)

    def _see_units(self, message: Message, code: str, read_as: str, witness: Witness) -> None:
        for at, units in self._units.items():
            unit = at.read(message).upper()
            if unit and _OBSERVATION.fullmatch(unit):
                units.see(unit, witness)
                self._observation[str(at), unit, code, read_as] += 1

    def findings(self) -> PlaceFindings:
        visits = self._counts["visits"]
        classes = self._classes.counts()
        dispositions = self._dispositions.counts()
        mapped = self._profile.dispositions
        return PlaceFindings(
            facilities=[
                FacilityPlace(str(at), Share(words.total, visits), len(words), words.counts())
                for at, words in self._facilities.items()
            ],
            resolution=self._resolution(visits),
            classes=classes,
            classes_absent=Share(visits - self._classes.total, visits),
            unknown_classes=[one for one in classes if one.word not in self._profile.classes],
            observation=self._signs(),
            dispositions=dispositions,
            dispositions_absent=Share(self._counts["A03"] - self._dispositions.total, self._counts["A03"]),
            unknown_dispositions=[one for one in dispositions if one.word not in _UB04 and one.word not in mapped],
        )

    def _resolution(self, visits: int) -> Resolution:
        all_of: Counter[str] = Counter()
        missing: Counter[str] = Counter()
        for stated, count in self._stated.items():
            first = next(iter(stated), "")
            all_of[first] += count
            missing[first] += 0 if any(name.upper() in self._registry for name in stated) else count
        top = resolved = 0
        for first, count in all_of.most_common():  # a message that states none counts as one of a facility nobody knows
            if top < _VOLUME * visits:
                top, resolved = top + count, resolved + count - missing[first]
        unresolved = [one for one in self._first.counts() if missing[one.word] or one.word not in all_of]
        share = Share(visits - all_of[""], visits)
        return Resolution(bool(self._registry), share, Share(resolved, top), unresolved if self._registry else [])

    def _signs(self) -> list[ObservationSign]:
        told: Counter[tuple[str, str, str, str]] = Counter()
        for (where, unit, code, read_as), count in self._observation.items():
            words = self._units[parse_path(where)]
            told[where, words.name(unit), self._classes.name(code), read_as] += count
        return [ObservationSign(*key, count) for key, count in told.most_common()]


def _two_digits(code: str) -> str:
    return code.zfill(2) if code.isascii() and code.isdigit() else code
