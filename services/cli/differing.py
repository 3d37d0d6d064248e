"""What was computed anew and differs, for people: a line for each stay, task, contribution or counter."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from models.printing import printable
from services.runtime.recount import Difference

_NAMES = {
    "stays": ("stay_id", "facility_id", "patient_class", "status", "admitted_at", "discharged_at"),
    "tasks": ("task_id", "rule", "state", "due_at"),
    "measures": ("measure", "denominator", "exclusion", "numerator"),
}
"""What never changes of one, and what tells people which one it is that is new or gone."""


def summed_up(differences: Sequence[Difference]) -> tuple[list[str], Counter[str]]:
    """A line for each thing that differs, and how many of each kind do, such as `tasks new`."""
    lines, kinds = list[str](), Counter[str]()
    for (member_id, thing), group in groupby(differences, lambda each: (each.member_id, _thing(each))):
        fields = list(group)
        how, words = _told(thing, fields)
        whose = [member_id or "-", thing or fields[0].path]  # a counter is nobody's
        lines.append(f"{' '.join(filter(None, whose))}: {how}{printable(words)}")
        kinds[f"{thing.partition('.')[0] or 'other'} {how.rstrip(': ') or 'changed'}"] += 1
    return lines, kinds


def _thing(difference: Difference) -> str:
    """`tasks.ID` of `tasks.ID.state`; empty where the path is no field of such a thing."""
    thing, _, _ = difference.path.rpartition(".")
    return thing if thing.partition(".")[0] in _NAMES else ""


def _told(thing: str, fields: Sequence[Difference]) -> tuple[str, str]:
    """Whether it is new or gone, and in words what is to be known of it."""
    if not thing:
        return "", "; ".join(f"stored {each.stored}, now {each.recomputed}" for each in fields)
    never, *names = _NAMES[thing.partition(".")[0]]
    found = {_field(each): each for each in fields}
    if never not in found:
        return "", "; ".join(f"{name} {each.stored}, now {each.recomputed}" for name, each in found.items())
    is_new = found[never].stored is None
    values = {name: each.recomputed if is_new else each.stored for name, each in found.items()}
    told = ", ".join(f"{name} {values[name]}" for name in names if values.get(name) not in (None, ""))
    return ("new: " if is_new else "gone: "), told


def _field(difference: Difference) -> str:
    return difference.path.rpartition(".")[2]
