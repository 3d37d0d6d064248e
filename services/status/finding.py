"""Finding what people name: tasks by the beginning of their id, and names that were perhaps slips of the pen."""

from collections.abc import Iterable
from difflib import get_close_matches

import msgspec

from models.events import RosterRow
from models.view import Effect
from services.runtime.store.contract import Reader
from services.runtime.workset import Workset
from services.status.questions import CHUNK, Questions

SHORTEST = 6
"""Fewer characters of an id name nobody: they fit too many soon."""
CANDIDATES = 10


class Candidate(msgspec.Struct, frozen=True):
    """A task that may be meant: its id, and what was said of it last."""

    task_id: str
    said: Effect | None


def tasks_named(reader: Reader, questions: Questions, text: str) -> list[Candidate]:
    """Tasks with this id, else those whose id begins so (`SHORTEST` characters at least), also withdrawn ones.

    One is found, none is known, several are the first `CANDIDATES` of them in order.
    """
    if text and questions.member_of(text) is not None:
        return [Candidate(text, None)]
    if len(text) < SHORTEST:
        return []
    told = [reader.outbox_of(subject)[-1].effect for subject in reader.subjects(text.lower(), CANDIDATES)]
    tasks = (effect for effect in told if effect.rule and effect.effect != "contribution_changed")
    return [Candidate(effect.subject, effect) for effect in tasks]


def near(word: str, known: Iterable[str]) -> str:
    """What may have been meant, as a sentence with a space before it; nothing where no word is near."""
    found = get_close_matches(word, list(known), 3)
    return f" Did you mean {' or '.join(found)}?" if found else ""


def owners(reader: Reader) -> tuple[set[str], set[str]]:
    """Every plan and every ECM provider that a roster row ever named."""
    plans: set[str] = set()
    providers: set[str] = set()
    after = ""
    while ids := reader.member_ids(after, CHUNK):
        for member in Workset(reader).members(ids):
            rows = [fact for fact in member.facts if isinstance(fact, RosterRow)]
            plans.update(row.mcp_id for row in rows)
            providers.update(row.ecm_provider_id for row in rows)
        after = ids[-1]
    return plans - {""}, providers - {""}
