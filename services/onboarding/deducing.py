"""Which identifier lines a sample speaks for: types that join a line, places that get one, look-alikes to ask about."""

from collections.abc import Sequence

import msgspec

from connectors.hl7v2.profile import IdentifierWords
from services.onboarding.patients import MemberIds, PatientFindings

_NUMBERS = frozenset({"MR", "PI", "PT", "PN", "AN", "VN", ""})
"""Types of medical record, visit and account numbers: one that looks like a CIN is still no CIN."""
_MEMBERS = ("PID-2", "PID-3", "PID-4", "IN", "Z")
"""Where a member's number may well stand; elsewhere a look-alike is a question."""
_FREQUENT = 0.01
"""In fewer messages than this part, a look-alike is a coincidence until somebody says otherwise."""


class Deduced(msgspec.Struct, frozen=True):
    """Identifier lines in the order of a profile, each with its reason, and what must be asked."""

    lines: list[tuple[IdentifierWords, str]]
    questions: list[str]


def deduce(patients: PatientFindings, lines: Sequence[IdentifierWords]) -> Deduced:
    """Extend a profile's identifier lines by what the sample shows.

    Args:
        patients: what the sample shows. lines: those of the profile that it was read with.
    """
    found = list(lines)
    reasons: dict[int, list[str]] = {}
    questions: list[str] = []
    for one in patients.member_ids:
        said = f"{one.count:,} messages have a {one.kind.upper()} at {one.where}"
        said += f" of type {one.type}" if one.type else ""
        if (place := _place_of(one, found, is_sure=_is_sure(one, patients.messages))) is None:
            questions.append(f"{said}, or so it looks: what is it?")
        else:
            reasons.setdefault(place, []).append(said)
    _add_record_type(patients, found, reasons)
    told = [(line, "; ".join(reasons.get(place, [_unmoved(line)]))) for place, line in enumerate(found)]
    return Deduced(told, questions)


def _is_sure(one: MemberIds, messages: int) -> bool:
    if "<" in one.type or (one.where == "PID-3" and one.type in _NUMBERS):
        return False
    return one.where.startswith(_MEMBERS) and one.count >= _FREQUENT * messages


def _place_of(one: MemberIds, found: list[IdentifierWords], *, is_sure: bool) -> int | None:
    """The line that reads such a number: one that does so already, else one that is made to; None when unsure."""
    same = [place for place, line in enumerate(found) if str(line.at) == one.where and line.as_ == one.kind]
    fitting = next((place for place in same if not found[place].type or one.type in found[place].type), None)
    if fitting is not None or not is_sure:
        return fitting
    if same:
        found[same[0]] = found[same[0]].model_copy(update={"type": (*found[same[0]].type, one.type)})
        return same[0]
    types = [one.type] if one.where == "PID-3" else []
    line = {"as": one.kind, "at": one.where, "type": types, "pattern": one.kind}
    found.append(IdentifierWords.model_validate(line))
    return len(found) - 1


def _add_record_type(patients: PatientFindings, found: list[IdentifierWords], reasons: dict[int, list[str]]) -> None:
    """Where PID-3 has no type that the record number's line takes, the most frequent free one joins it."""
    types = {one.type: one.count for one in reversed(patients.identifiers)}
    at_pid_3 = [(place, line) for place, line in enumerate(found) if str(line.at) == "PID-3"]
    claimed = {kind for _, line in at_pid_3 for kind in line.type}
    free = sorted((kind for kind in types if "<" not in kind and kind not in claimed), key=lambda kind: -types[kind])
    for place, line in at_pid_3:
        if line.as_ == "mrn" and line.type and not types.keys() & set(line.type) and free:
            found[place] = line.model_copy(update={"type": (*line.type, free[0])})
            reasons.setdefault(place, []).append(f"no type of the sample was taken; {free[0]} is the most frequent")


def _unmoved(line: IdentifierWords) -> str:
    return "not in the sample" if line.as_ in {"cin", "mbi"} else "as before"
