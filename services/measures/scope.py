"""What the names of a page mean: its definitions, windows and value sets."""

from collections.abc import Callable, Collection, Mapping

import msgspec

from models.pages import Location, nearest
from services.measures.criteria import Criterion, Defined, Key, Nothing
from services.measures.days import PERIOD, Window
from services.measures.nodes import Nodes

NEVER = Nothing(())
"""Stands where a page is wrong; the page is refused, so nobody asks it."""


class Source(msgspec.Struct, frozen=True):
    """Where a definition or window is written: its value, and whose page says it."""

    node: object
    at: Location
    nodes: Nodes


Compile = Callable[[object, Location, Nodes, "Scope"], Criterion]


class Scope:
    """Resolves names, each once, and finds circles.

    Args:
        nodes: the page. own, shared: definitions of the page and of its library. windows: of the page.
        compiled: makes a criterion of a definition.
        member: the page counts members, so that nothing may look at a unit. tags: what the builder may say of a unit.
        meaning: value sets by the names that the page gives them.
    """

    def __init__(
        self,
        nodes: Nodes,
        own: Mapping[str, Source],
        shared: Mapping[str, Source],
        windows: Mapping[str, Source],
        compiled: "Compile",
        *,
        member: bool,
        tags: Collection[str] = (),
        meaning: Mapping[str, str] = {},
    ) -> None:
        self.nodes, self.member, self.tags = nodes, member, frozenset(tags)
        self._definitions = {**shared, **own}
        self._windows = windows
        self._known: dict[str, Defined] = {}
        self._read: dict[str, Window] = {}
        self._open: list[str] = []
        self._meaning, self._compiled = meaning, compiled
        self.sets: dict[str, str] = {}
        """Value sets that what was compiled asks for: as the page calls them, by what they are."""
        self.reads: frozenset[Key] = frozenset()
        """What any of it asks an index for: also a filter's definition, and a window's."""
        self.windows: dict[str, Window] = {}
        """The windows by which facts count, by their words: they say until when an answer can change."""
        self.used: set[str] = set()

    def definition(self, name: str, at: Location, nodes: Nodes) -> Criterion | None:
        """The definition of this name, compiled; None where there is none, which is told."""
        self.used.add(name)
        if name in self._known:
            return self._known[name]
        source = self._definitions.get(name)
        if source is None:
            known = sorted({*self._definitions, *self._windows})
            near = nearest(name, [*known, "period", "unit"])
            nodes.wrong(at, f"{name!r} is not defined.", f"{near}Defined: {', '.join(known) or 'nothing'}.")
            return None
        if self._circle(name, at, nodes):
            return None
        self._open.append(name)
        self._known[name] = Defined(name, self._compiled(source.node, source.at, source.nodes, self))
        self._open.pop()
        return self._known[name]

    def value_set(self, name: str) -> str:
        """What a page's name of a value set stands for; the page is known to need it."""
        meant = self._meaning.get(name, name)
        self.sets[meant] = name
        return meant

    def window(self, name: str, at: Location, nodes: Nodes, read: Callable[[Source], Window]) -> Window | None:
        """The window of this name, read; None where the page has none of that name."""
        source = self._windows.get(name)
        if source is None:
            return None
        self.used.add(name)
        if name not in self._read:
            if self._circle(name, at, nodes):
                return PERIOD
            self._open.append(name)
            self._read[name] = read(source)
            self._open.pop()
        return self._read[name]

    def _circle(self, name: str, at: Location, nodes: Nodes) -> bool:
        if name not in self._open:
            return False
        circle = " -> ".join([*self._open[self._open.index(name) :], name])
        nodes.wrong(at, f"{name!r} is defined by itself: {circle}.", "Break the circle.")
        return True

    @property
    def definitions(self) -> frozenset[str]:
        """Names of all definitions."""
        return frozenset(self._definitions)

    def twice(self) -> set[str]:
        """Names of windows of the page that are names of its own definitions, too."""
        return {name for name in self._windows if name in self._definitions}

    def unused(self) -> set[str]:
        """Names that the page itself defines and nobody uses."""
        own = {name for name, source in {**self._definitions, **self._windows}.items() if source.nodes is self.nodes}
        return own - self.used
