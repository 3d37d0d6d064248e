"""JSON as the contract promises it. Instants are shown in the setting's zone, with their offset."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from models.owner import Owner
from models.time import Instant
from models.view import Effect, SourceRef, Stay, Task, View
from services.status.count_shapes import contribution_json, units_json

Json = dict[str, Any]


def member_json(member_id: str, view: View, zone: ZoneInfo, as_of: Instant) -> Json:
    """A member as `members --json` shows it; measures are those of the year that holds the local day."""
    return {
        "member_id": member_id,
        "stays": [stay_json(stay, zone) for stay in view.stays],
        "tasks": [task_json(task, zone) for task in view.tasks],
        "measures": units_json(view.measures, as_of.astimezone(zone).date()),
        "flags": list(view.flags),
    }


def stay_json(stay: Stay, zone: ZoneInfo) -> Json:
    """A stay; `*_precision` stand only where less than the minute is known."""
    shown: Json = {
        "stay_id": stay.stay_id,
        "facility_id": stay.facility_id,
        "class": stay.patient_class,
        "status": stay.status,
        "admitted_at": time_json(stay.admitted_at, zone),
        "discharged_at": time_json(stay.discharged_at, zone),
        "disposition": stay.disposition or None,
        "sources": [{"feed": feed, "control_id": control} for feed, control in _told(stay.sources)],
        "flags": list(stay.flags),
    }
    if stay.expected_at:
        shown["expected_at"] = time_json(stay.expected_at, zone)
    for name, precision in (("admitted", stay.admitted_precision), ("discharged", stay.discharged_precision)):
        if precision == "day":
            shown[f"{name}_precision"] = precision
    return shown


def task_json(task: Task, zone: ZoneInfo) -> Json:
    """A task as `members --json` and `tasks --json` show it."""
    return {
        "task_id": task.task_id,
        "rule": task.rule,
        "rule_version": task.rule_version,
        "state": task.state,
        "opened_at": time_json(task.opened_at, zone),
        "due_at": time_json(task.due_at, zone),
        "closed_at": time_json(task.closed_at, zone),
        "stay_id": task.stay_id,
        "owner": owner_json(task.owner),
        "reason": task.reason,
        "flags": list(task.flags),
        "alert": task.alert or None,
    }


def effect_json(position: int, effect: Effect, zone: ZoneInfo) -> Json:
    """An outbox line."""
    return {
        "id": effect.id,
        "position": position,
        "at": time_json(effect.at, zone),
        "effect": effect.effect,
        "alert": effect.alert,
        "member_id": effect.member_id,
        "subject": effect.subject,
        "revision": effect.revision,
        "rule": effect.rule,
        "state": effect.state,
        "due_at": time_json(effect.due_at, zone),
        "owner": owner_json(effect.owner),
        "previous_owner": owner_json(effect.previous_owner) if effect.previous_owner else None,
        "reason": effect.reason,
        "because": list(effect.because),
        "contribution": contribution_json(effect.contribution) if effect.contribution else None,
    }


def owner_json(owner: Owner) -> Json:
    """Who answers; null where there is none."""
    return {
        "mcp_id": owner.mcp_id or None,
        "ecm_provider_id": owner.ecm_provider_id or None,
        "lead_cm_id": owner.lead_cm_id or None,
    }


def time_json(at: Instant | None, zone: ZoneInfo) -> str | None:
    """ISO 8601 with the zone's offset."""
    return at.astimezone(zone).isoformat() if at else None


def _told(sources: Iterable[SourceRef]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((source.feed, source.control_id) for source in sources))
