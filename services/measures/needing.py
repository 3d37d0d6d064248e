"""Which value sets the pages need, which of them are loaded, and which pages are without one that they require."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from services.measures.value_sets import ValueSets


class _Measure(Protocol):
    """`services.measures.measure.Measure`, as far as it is needed."""

    @property
    def id(self) -> str: ...
    @property
    def needs(self) -> Mapping[str, str]: ...
    @property
    def optional(self) -> frozenset[str]: ...


class Need(msgspec.Struct, frozen=True):
    """A value set that pages ask for.

    Args:
        name: what it is loaded by. called: what pages call it, where they have a word of their own for it.
        required_by: pages that are switched off without it. optional_for: pages of which a clause is then false.
        codes: how many; 0 is not loaded. versions: those that were united. digest: "" when it is not loaded.
    """

    name: str
    called: tuple[str, ...]
    required_by: tuple[str, ...]
    optional_for: tuple[str, ...]
    codes: int = 0
    versions: tuple[str, ...] = ()
    digest: str = ""

    @property
    def is_missing(self) -> bool:
        """Some page is switched off."""
        return bool(self.required_by) and not self.codes


def needs_of(measures: Iterable[_Measure], sets: ValueSets) -> list[Need]:
    """Every value set that some page asks for, in order of name."""
    called: dict[str, set[str]] = {}
    required: dict[str, set[str]] = {}
    optional: dict[str, set[str]] = {}
    for measure in measures:
        for meant, name in measure.needs.items():
            called.setdefault(meant, set()).add(name)
            (optional if name in measure.optional else required).setdefault(meant, set()).add(measure.id)
    return [
        Need(
            meant,
            tuple(sorted(called[meant] - {meant})),
            tuple(sorted(required.get(meant, ()))),
            tuple(sorted(optional.get(meant, ()))),
            len(sets.codes(meant)),
            sets.listed(meant).versions,
            sets.digest_of(meant) if meant in sets else "",
        )
        for meant in sorted(called)
    ]
