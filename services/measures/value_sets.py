"""Value sets: named lists of codes, whoever made them and in whatever form, ready to say which lists a code is in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import chain

from models.errors import FileIsWrong, Problem
from services.measures.code_lists import read_code_list
from services.measures.expansions import read_expansions
from services.measures.items import NONE
from services.measures.listed import Listed, Part, Span


class ValueSets:
    """Value sets by every name they have. A value, never changed.

    A set without codes is the same as none: absence must be told, not counted as "no one".
    """

    def __init__(self, listed: Mapping[str, Listed] | None = None) -> None:
        self._listed = {name: one for name, one in (listed or {}).items() if one.codes}
        self.names = frozenset(self._listed)

    def __contains__(self, name: object) -> bool:
        return name in self._listed

    def listed(self, name: str) -> Listed:
        """The value set of a name; an empty one where nobody loaded it."""
        return self._listed.get(name, _EMPTY)

    def codes(self, name: str) -> frozenset[str]:
        """All codes of a value set; none where nobody loaded it."""
        return self.listed(name).codes

    def digest_of(self, name: str) -> str:
        """The digest of one value set."""
        return self.listed(name).digest

    @cached_property
    def digest(self) -> str:
        """The digest of all of them, with their names."""
        lines = (f"{name} {self._listed[name].digest}" for name in sorted(self._listed))
        return sha256("\n".join(lines).encode()).hexdigest()

    def sets_of(self, code: str) -> frozenset[str]:
        """The names of the value sets that a code is in, on whatever day."""
        return self._names.get(code, NONE)

    def naming(self, code: str, day: int) -> frozenset[str]:
        """The names of the value sets that a code is in on a day."""
        names = self._names.get(code, NONE)
        return self._holding(names, code, day) if code in self._dated else names

    def matching(self, codes: Iterable[str], day: int) -> frozenset[str]:
        """The names of the value sets that any of some codes is in on a day."""
        found = NONE
        names_of, dated = self._names, self._dated
        for code in codes:
            if names := names_of.get(code):
                if code in dated:
                    names = self._holding(names, code, day)
                found = found | names if found else names
        return found

    def with_aliases(self, aliases: Mapping[str, str]) -> "ValueSets":
        """The same with more names; an alias hides a set that has its name. One of a set that is absent is absent."""
        return ValueSets(self._listed | {alias: self.listed(name) for alias, name in aliases.items()})

    def narrowed(self, wanted: Collection[str]) -> "ValueSets":
        """Only the sets, and only by the names, that somebody asks for: so that a fact carries no others."""
        return ValueSets({name: self._listed[name] for name in wanted if name in self._listed})

    def _holding(self, names: Iterable[str], code: str, day: int) -> frozenset[str]:
        """Those of some sets that a code is in on a day: always, or in a span."""
        spans = {name: self._listed[name].dated.get(code) for name in names}
        return frozenset(
            name for name, days in spans.items() if days is None or any(first <= day <= last for first, last in days)
        )

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        """The inverse of the lists."""
        found: dict[str, list[str]] = {}
        for name, one in self._listed.items():
            for code in one.codes:
                found.setdefault(code, []).append(name)
        # Many codes are in the same sets: these are kept once.
        kept: dict[tuple[str, ...], frozenset[str]] = {}
        return {code: kept.setdefault(key := tuple(names), frozenset(key)) for code, names in found.items()}

    @cached_property
    def _dated(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(one.dated for one in self._listed.values()))


_EMPTY = Listed()


def read_value_sets(pages: Sequence[tuple[str, str]]) -> ValueSets:
    """Read code lists (CSV) and FHIR ValueSet expansions, told by their content; the same set in several is united.

    A title that two sets share names neither.

    Args:
        pages: (path, text) of each file.

    Raises:
        FileIsWrong: with every problem of every file, by line.
    """
    parts: list[Part] = []
    problems: list[Problem] = []
    for path, text in pages:
        is_json = text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")
        for found in read_expansions(path, text) if is_json else read_code_list(path, text):
            if isinstance(found, Problem):
                problems.append(found)
            else:
                parts.append(found)
    if problems:
        raise FileIsWrong(problems)
    return _united(parts)


def _united(parts: Iterable[Part]) -> ValueSets:
    by_name: dict[str, list[Part]] = {}
    titled: dict[str, set[str]] = {}
    for part in parts:
        by_name.setdefault(part.name, []).append(part)
        for title in part.also:
            titled.setdefault(title, set()).add(part.name)
    listed = {name: _listed(same) for name, same in by_name.items()}
    titles = {title: listed[min(names)] for title, names in titled.items() if len(names) == 1}
    return ValueSets(titles | listed)


def _listed(parts: Sequence[Part]) -> Listed:
    always = parts[0].codes if len(parts) == 1 else frozenset().union(*(part.codes for part in parts))
    spans: dict[str, set[Span]] = {}
    for code, span in chain.from_iterable(part.dated for part in parts):
        if code not in always:
            spans.setdefault(code, set()).add(span)
    dated = {code: tuple(sorted(found)) for code, found in spans.items()}
    versions = frozenset().union(*(part.versions for part in parts))
    return Listed(always | dated.keys() if dated else always, tuple(sorted(versions)), dated)
