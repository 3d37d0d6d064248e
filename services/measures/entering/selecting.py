"""Which version of a fact counts, where later ones replace earlier ones. Knowledge time is first receipt."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from models.clinical import Clinical
from models.events import Claim, Fill, Teller
from models.time import Instant, resolve
from services.measures.entering.billing import is_void

F = TypeVar("F", Claim, Fill, Clinical)
Tellers = tuple[Teller, ...]

DISPENSED = frozenset({"dispensed", "completed", ""})
"""States of a fill that handed a drug out."""


def standing_claims(claims: Mapping[Claim, Tellers]) -> list[tuple[Claim, Tellers]]:
    """Of each claim the row that was first received last; none where that reverses or voids it."""
    newest = _newest(claims.items(), lambda claim: claim.claim_id)
    return [told for told in newest if told[0].status != "reversed" and not is_void(told[0])]


def standing_fills(fills: Mapping[Fill, Tellers]) -> list[tuple[Fill, Tellers]]:
    """Of each fill the row that was first received last; none where that takes it back."""
    return [told for told in _newest(fills.items(), lambda fill: fill.fill_id) if told[0].status in DISPENSED]


def standing_clinical(clinical: Mapping[Clinical, Tellers], zone: ZoneInfo) -> list[tuple[Clinical, Tellers]]:
    """Of each resource of a feed the version updated last; one that does not say is as new as its first receipt.

    One that was entered in error wins over another of the same time.
    """
    versions: dict[tuple[str, str], list[tuple[Clinical, Tellers]]] = {}
    for told in clinical.items():
        versions.setdefault(resource_key(told[0]), []).append(told)
    return [
        same[0] if len(same) == 1 else max(same, key=lambda told: _version(told[0], told[1], zone))
        for same in versions.values()
    ]


def resource_key(clinical: Clinical, resource: str = "") -> tuple[str, str]:
    """What the versions of one resource share: the feed and its name. Or those of another, which it refers to."""
    return clinical.source_patient.partition("|")[0], resource or clinical.resource


def _newest(told: Iterable[tuple[F, Tellers]], key: Callable[[F], str]) -> list[tuple[F, Tellers]]:
    newest: dict[str, tuple[F, Tellers]] = {}
    for fact, tellers in told:
        name = key(fact)
        known = newest.get(name)
        if known is None or _receipt(known[1]) < _receipt(tellers):
            newest[name] = (fact, tellers)
    return list(newest.values())


def _receipt(tellers: Sequence[Teller]) -> tuple[Instant, str]:
    return tellers[0].received_at, tellers[0].name


def _version(clinical: Clinical, tellers: Tellers, zone: ZoneInfo) -> tuple[Instant, bool, Instant, str]:
    receipt, name = _receipt(tellers)
    updated = resolve(clinical.updated, zone).at if clinical.updated else receipt
    return updated, clinical.status == "entered-in-error", receipt, name
