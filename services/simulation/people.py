"""Made-up people: names, numbers, birth dates. No two share a number, and nobody is anybody."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

_SURNAMES = (
    "Alder", "Aspen", "Birch", "Boxelder", "Cedar", "Cottonwood", "Cypress", "Dogwood", "Elder", "Hawthorn", "Hazel",
    "Hemlock", "Juniper", "Larch", "Laurel", "Linden", "Madroño", "Maple", "Olivo", "Peña", "Piñón", "Poplar", "Redbud",
    "Rowan", "Sequoia", "Spruce", "Sycamore", "Tamarack", "Walnut", "Willow",
)  # fmt: skip
_GIVEN = (
    "Avocet", "Bunting", "Condor", "Dunlin", "Egret", "Finch", "Grouse", "Heron", "Ibis", "Jay", "Kestrel", "Lark",
    "Merlin", "Nuthatch", "Oriole", "Plover", "Quail", "Robin", "Swift", "Tern", "Vireo", "Wren",
)  # fmt: skip

Sex = Literal["F", "M"]
SEXES: tuple[Sex, Sex] = ("F", "M")
Role = Literal["M", "B", "T", "V", "Z"]
"""Member, baby, twin, victim of a mix-up, stranger."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody; `member_id` and `cin` are "" for who is on no roster. `number` is that of the household."""

    number: int
    role: Role
    surname: str
    given: str
    born: date
    sex: Sex

    @property
    def member_id(self) -> str:
        """The plan's id."""
        return "" if self.role == "Z" else f"SIM-{self.role}{self.number:07}"

    @property
    def cin(self) -> str:
        """The client index number: eight digits and a letter."""
        digit = {"M": "9", "B": "8", "T": "7", "V": "6", "Z": ""}[self.role]
        return f"{digit}{self.number:07}{'ABCDEFGH'[self.number % 8]}" if digit else ""

    def mrn(self, second: bool = False) -> str:
        """The number a feed knows the person by; a hospital may give a second one by mistake."""
        return f"{'R' if second else 'P'}{self.role}{self.number:07}"


def adult(number: int, role: Role, dice: Random, today: date) -> Person:
    """A grown-up."""
    born = today - timedelta(days=dice.randrange(20 * 365, 90 * 365))
    if (born.month, born.day) == (1, 1):
        born += timedelta(days=1)  # a first of January may be a placeholder
    return Person(number, role, dice.choice(_SURNAMES), dice.choice(_GIVEN), born, dice.choice(SEXES))
