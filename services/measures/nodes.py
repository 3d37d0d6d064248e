"""Reading the values of a page: each with where it stands, every mistake told, none raised."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from models.errors import Problem
from models.pages import Location, Page, nearest

W = TypeVar("W", bound=str)

MOST = 100_000
"""No page counts, or waits, so many days or years."""


class Nodes:
    """A page's values by location, and what is wrong with them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[Problem] = []

    def wrong(self, at: Location, what: str, remedy: str) -> None:
        """Note a mistake."""
        problem = self.page.problem(at, what, remedy)
        if problem not in self.problems:
            self.problems.append(problem)

    def mapping(self, node: object, at: Location, known: Collection[str] = ()) -> Mapping[str, Any]:
        """A mapping; with `known`, of these keys only."""
        if not isinstance(node, dict):
            self.wrong(at, f"{shown(node)} is no mapping.", "Write 'key: value' lines below the key.")
            return {}
        if known:
            self.only(node, at, known)
        return node

    def only(self, node: Iterable[object], at: Location, known: Collection[str]) -> None:
        """Refuse keys that nobody knows."""
        for key in node:
            if key not in known:
                remedy = f"{nearest(key, known)}Known here: {', '.join(sorted(known))}."
                self.wrong(
                    (*at, key) if isinstance(key, str | int) else at, f"'{key}' is no word that is known here.", remedy
                )

    def text(self, node: object, at: Location, otherwise: str = "") -> str:
        """One text."""
        if isinstance(node, str) and node:
            return node
        remedy = "Put it in quotes." if isinstance(node, int | float) else "Write one text."
        self.wrong(at, f"{shown(node)} is not text.", remedy)
        return otherwise

    def texts(self, node: object, at: Location) -> tuple[str, ...]:
        """One text, or a list of at least one, none twice."""
        if not isinstance(node, list):
            return (self.text(node, at),)
        if not node:
            self.wrong(at, "The list is empty.", "Name at least one, or leave the key out.")
        found = tuple(self.text(one, (*at, place)) for place, one in enumerate(node))
        for word in sorted({word for word in found if word and found.count(word) > 1}):
            self.wrong(at, f"{word!r} stands in the list twice.", "Keep one of them.")
        return found

    def words(self, node: object, at: Location, known: Collection[str]) -> tuple[str, ...]:
        """Texts, each one of some words."""
        found = self.texts(node, at)
        for word in found:
            if word and word not in known:
                self.wrong(
                    at, f"{word!r} is not allowed here.", f"{nearest(word, known)}Allowed: {', '.join(sorted(known))}."
                )
        return found

    def word(self, node: object, at: Location, known: Sequence[W]) -> W:
        """One text, one of some words; the first of them where it is none."""
        if isinstance(node, list):
            self.wrong(at, "One word is asked here, no list.", f"Write one of {', '.join(sorted(known))}.")
            return known[0]
        (found,) = self.words(node, at, known)
        return next((word for word in known if word == found), known[0])

    def names(self, node: object, at: Location) -> Mapping[str, Any]:
        """A mapping of names of the page's own, at least one."""
        given = self.mapping(node, at)
        if given == {}:
            self.wrong(at, "It is empty.", "Name at least one, or leave the key out.")
        found = {}
        for name, value in given.items():
            if isinstance(name, str) and name:
                found[name] = value
            else:
                self.wrong(at, f"{shown(name)} is no name.", "Put it in quotes, or begin it with a letter.")
        return found

    def whole(self, node: object, at: Location, *, least: int | None = None, most: int = MOST) -> int:
        """A whole number."""
        if isinstance(node, int) and not isinstance(node, bool):
            if least is not None and node < least:
                self.wrong(at, f"{node} is too small.", f"Write {least} or more.")
                return least
            if abs(node) > most:
                self.wrong(at, f"{node} is too large.", f"Write {most} or less.")
                return most
            return node
        self.wrong(at, f"{shown(node)} is no whole number.", "Write digits only.")
        return least or 0

    def number(self, node: object, at: Location) -> float:
        """A number."""
        if isinstance(node, int | float) and not isinstance(node, bool):
            return float(node)
        self.wrong(at, f"{shown(node)} is no number.", "Write digits, with a point where there are decimals.")
        return 0.0

    def flag(self, node: object, at: Location) -> bool:
        """True, the only thing a flag can say."""
        if node is not True:
            self.wrong(at, f"{shown(node)} is not true.", "Write true, or leave the key out.")
        return True


def shown(value: object) -> str:
    """A value in a sentence; long ones are cut."""
    text = "This mapping" if isinstance(value, dict) else "This list" if isinstance(value, list) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
