"""Payments as JSON: money is text with two decimals, rates are counts or decimals as text. Source: contract."""

from typing import Any
from zoneinfo import ZoneInfo

from services.programs.amounts import cents, plain
from services.programs.telling import NextTier, Result, ToldGate, ToldMeasure
from services.status.shapes import time_json


def program_json(result: Result, zone: ZoneInfo) -> dict[str, Any]:
    """One payee's standing in one program and period."""
    page, payment = result.program.page, result.payment
    return {
        "program": page.program,
        "version": page.version,
        "label": page.label or "",
        "model": page.model,
        "period": result.inputs.span.name,
        "attribution": page.attribution,
        "mcp_id": page.parties.mcp_id,
        "provider": result.provider,
        "earned": str(cents(result.earned)),
        "at_stake": str(cents(result.at_stake)),
        "gates": [_gate(told, zone) for told in result.gates],
        "measures": [_measure(told) for told in result.measures],
        "score": None if payment.score is None else plain(payment.score),
        "next_tier": _tier(result.next_tier),
        "details": {name: str(cents(amount)) for name, amount in payment.details.items()},
        "because": list(result.because),
    }


def _gate(told: ToldGate, zone: ZoneInfo) -> dict[str, Any]:
    gate = told.gate
    return {
        "month": gate.month,
        "file": gate.file,
        "due_at": time_json(gate.due_at, zone) if gate.due_at else None,
        "received_at": time_json(gate.received_at, zone) if gate.received_at else None,
        "on_time": gate.on_time,
        "cost": str(cents(told.cost)),
    }


def _measure(told: ToldMeasure) -> dict[str, Any]:
    line, rate = told.line, told.rate
    return {
        "measure": line.measure,
        "rate": None if rate.value is None else str(rate),
        "per": rate.per,
        "value": None if rate.value is None else float(rate.value),
        "weight": None if line.weight is None else plain(line.weight),
        "amount": str(cents(line.amount)),
        "one_more": None if told.one_more is None else str(cents(told.one_more)),
        "target": None if line.target is None else plain(line.target),
        "met": line.met,
        "to_target": told.to_target,
        "open_gaps": told.open_gaps,
        "all_gaps": None if told.all_gaps is None else str(cents(told.all_gaps)),
    }


def _tier(tier: NextTier | None) -> dict[str, Any] | None:
    if tier is None:
        return None
    return {
        "from": plain(tier.rung.from_),
        "missing": plain(tier.points),
        "adds": str(cents(tier.rung.adds)),
        "events": dict(tier.events),
    }
