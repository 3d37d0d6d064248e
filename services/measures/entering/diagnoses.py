"""Which diagnoses a stay has. Source: contract, "Diagnosis of a stay"."""

from collections.abc import Sequence

import msgspec

from services.measures.entering.claims import diagnosis_code
from services.measures.entering.told_stays import Snapshot

TYPES = ("F", "W", "A")
"""DG1-6, table 0052, the most certain first: final, working, admitting. Any other comes after them."""


class Diagnosed(msgspec.Struct, frozen=True, gc=False):
    """The codes of a stay: the principal one ("" when nobody says), and all."""

    principal: str = ""
    every: tuple[str, ...] = ()


def by_messages(snapshots: Sequence[Snapshot]) -> Diagnosed:
    """By DG1: a message restates all that it knows of a type, so the newest that has the type counts.

    The most certain type says which is principal: the one ranked first, else the first written.
    """
    newest: dict[str, tuple[str, ...]] = {}
    principal = ""
    ordered = sorted(snapshots, key=lambda s: s.version, reverse=True)
    for kind in (*TYPES, ""):
        for snapshot in ordered:
            found = [d for d in snapshot.diagnoses if (d.type if d.type in TYPES else "") == kind]
            if found:
                ranked = sorted(found, key=lambda d: d.rank or len(found) + 1)
                newest[kind] = tuple(diagnosis_code(d.code) for d in ranked)
                principal = principal or newest[kind][0]
                break
    return Diagnosed(principal, tuple(dict.fromkeys(code for codes in newest.values() for code in codes)))
