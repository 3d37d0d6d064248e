"""Which rows of tables were taken and yet marked: a word that no rule knows, a value of no known shape or sense."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from connectors.tabular.kinds import is_table
from connectors.tabular.words import BAD_SHAPE, IMPOSSIBLE, UNKNOWN_WORD
from services.intake.reading import LineReader
from services.runtime.store.contract import JournalLine

SHOWN = 10
"""How many lines of a file are named; the rest is counted."""

Marked = dict[str, list[tuple[int, int]]]
"""By mark (`unknown_word:risk_tier`): the (seq, ordinal) of every row."""

_WORDS = {
    UNKNOWN_WORD: ("a word that no rule knows", "It is kept, and no rule counts it."),
    BAD_SHAPE: ("no value of the usual shape", "It is not used: nobody is matched, nothing is counted by it."),
    IMPOSSIBLE: ("a value that cannot be", "It is left out, the rest of the row counts."),
}


def marked_rows(lines: Iterable[JournalLine], readers: Mapping[str, LineReader]) -> Marked:
    """Read lines once more for their marks; those of no table have none."""
    found: Marked = defaultdict(list)
    for line in lines:
        for reading in readers[line.kind].read(line.feed, line.received_at, line.body) if is_table(line.kind) else ():
            for flag in reading.flags:
                if flag.partition(":")[0] in _WORDS:
                    found[flag].append((line.seq, reading.ordinal))
    return found


def said(mark: str, where: Iterable[str]) -> str:
    """A mark in words: `risk_tier has a word that no rule knows in 2 rows: line 4, line 9. It is kept, ...`."""
    places = list(where)
    kind, _, column = mark.partition(":")
    what, so = _WORDS[kind]
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    rows = f"{len(places)} row{'s' * (len(places) != 1)}"
    return f"{column} has {what} in {rows}: {', '.join(places[:SHOWN])}{more}. {so}"
