"""What people did for a member, as items: words with hyphens, as pages write them. Source: contract, `care_events`."""

from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.events import CareEvent, Teller
from services.measures.entering.moments import day_of
from services.measures.items import Item

WORDS = {"care_plan_completed": "careplan-completed"}
"""Where a page's word is not simply ours with hyphens."""

DISCHARGE_INFORMATION = frozenset({"practitioner", "treatment", "diagnoses", "medications", "tests", "instructions"})
"""What a discharge letter must hold, all six. Source: contract, "Evidence of notices"; care-rules §4.2."""


def enter_care_event(event: CareEvent, tellers: Sequence[Teller], zone: ZoneInfo) -> tuple[Item, ...]:
    """One event; a note on a task is none."""
    if event.type == "task_note":
        return ()
    name, day = tellers[0].name, day_of(event.occurred_at, zone)
    moment = event.occurred_at.astimezone(UTC)  # the offset as written is lost once the fact was stored
    detail = dict(event.detail)
    said = {"actor": event.actor_id, "mode": event.mode, "outcome": event.outcome}
    item = Item(
        kind="event",
        id=f"event:{event.type}:{name[:16]}:{moment:%Y%m%dT%H%M%S}",
        first=day,
        last=day,
        sets=_sets(event.type, event.outcome, event.mode, detail.get("to", ""), detail.keys() >= DISCHARGE_INFORMATION),
        start=event.occurred_at,
        end=event.occurred_at,
        place=event.actor_id,
        detail=tuple(sorted((detail | {key: value for key, value in said.items() if value}).items())),
        names=(name,),
    )
    return (item,)


@lru_cache(maxsize=10_000)
def _sets(kind: str, outcome: str, mode: str, recipient: str, is_whole: bool) -> frozenset[str]:
    word = WORDS.get(kind, kind.replace("_", "-"))
    further = {f"{word}:{part.replace('_', '-')}" for part in (outcome, mode, recipient) if part}
    if kind == "discharge_information_received" and is_whole:
        further.add(f"{word}:complete")
    return frozenset({word, *further})
