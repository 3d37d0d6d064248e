"""The words of columns that rules read: written any way people write them, kept in one form.

A word that we do not know is no mistake of form: the row is taken, the word kept as it was written, and the row marked.
No rule counts such a word, so somebody should hear of it.

Source: contract, "CSV kind | columns"; care-rules §2.3 (engagement status). Care-event words are those of rule pages.
"""

import re
from collections.abc import Iterator, Mapping
from typing import get_args

from pydantic import BeforeValidator

from services.timeliness.vocabulary import CareEventType, Mode, Outcome

UNKNOWN_WORD, BAD_SHAPE, IMPOSSIBLE = "unknown_word", "bad_shape", "impossible"
MARKS = (UNKNOWN_WORD, BAD_SHAPE, IMPOSSIBLE)
"""What a row that was taken may be marked with, each with the column after it: `impossible:discharge_date`."""

RISK_TIERS = ("high", "very_high", "medium", "moderate", "rising", "lower", "low")
SURVEY = "survey"
"""A care event whose outcome is the answer given, not a word of ours; `top_box` is the best one."""
FILL_STATUSES = ("dispensed", "completed", "reversed", "cancelled")
INPUT_KEYS = ("reimbursement", "capitation", "cost", "benchmark", "prior_rate")
SEXES = {"f": "F", "female": "F", "m": "M", "male": "M", "x": "X", "nonbinary": "X", "u": "U", "unknown": "U"}
CARE_EVENTS: tuple[str, ...] = (*get_args(CareEventType), SURVEY)
OUTCOMES: tuple[str, ...] = get_args(Outcome)
MODES: tuple[str, ...] = get_args(Mode)

_BETWEEN = re.compile(r"[\s_\-]+")


def known_as(*words: str) -> BeforeValidator:
    """Read one of these words however it is written (`Very High`, `very-high`); another one in lower case."""
    known = frozenset(words)

    def read(text: str) -> str:
        if not text or text in known:
            return text
        plain = _BETWEEN.sub("_", text.strip().lower())
        return plain if plain in known else text.lower()

    return BeforeValidator(read)


def unknown_words(said: Mapping[str, tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    """A mark for each column, of those given as (what it says, the words), that says something else; empty is fine."""
    return (f"{UNKNOWN_WORD}:{column}" for column, (word, words) in said.items() if word and word not in words)


def bad_shapes(said: Mapping[str, tuple[str, object]]) -> Iterator[str]:
    """A mark for each column, of those given as (what was written, what could be used), of which nothing was used."""
    return (f"{BAD_SHAPE}:{column}" for column, (written, used) in said.items() if written and not used)
