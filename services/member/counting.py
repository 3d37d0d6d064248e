"""What contributions come to: counters change by the difference of two views, as effects do."""

from collections.abc import Iterable, Sequence

from models.measure import Contribution, CounterKey, Sums, counters_of, sums_of

Change = tuple[Contribution | None, Contribution | None]
"""A contribution before and after; None where there was none, or is none any more."""

Counters = dict[CounterKey, Sums]


def changed(before: Sequence[Contribution], after: Sequence[Contribution]) -> list[Change]:
    """What differs between a member's contributions, in order of key; nearly always nothing."""
    if before == after:
        return []
    was, now = {each.key: each for each in before}, {each.key: each for each in after}
    pairs = ((was.get(key), now.get(key)) for key in sorted(was.keys() | now.keys()))
    return [(old, new) for old, new in pairs if old != new]


def count_changes(changes: Iterable[Change]) -> Counters:
    """What to add to the counters."""
    found: Counters = {}
    for before, after in changes:
        if after:
            _add(found, after, sums_of(after))
        if before:
            _add(found, before, -sums_of(before))
    return {key: sums for key, sums in found.items() if sums}


def counted(contributions: Iterable[Contribution]) -> Counters:
    """Contributions counted from nothing."""
    return count_changes((None, each) for each in contributions)


def joined(into: Counters, more: Counters) -> None:
    """Add counters to others; what comes to nothing goes."""
    for key, sums in more.items():
        total = into[key] + sums if key in into else sums
        if total:
            into[key] = total
        else:
            into.pop(key, None)


def _add(found: Counters, contribution: Contribution, sums: Sums) -> None:
    """Add sums to every counter of a contribution."""
    for key in counters_of(contribution):
        found[key] = found[key] + sums if key in found else sums
