"""The kinds of table: which columns each has, and by which of them a header row is told from another's.

Source: contract, "CSV kind | columns".
"""

from typing import Literal, TypeGuard

import msgspec

TableKind = Literal["facilities", "roster", "care_events", "claims", "fills", "rtf", "otf", "program_inputs"]


class Table(msgspec.Struct, frozen=True):
    """A kind's columns. Without `required` nothing in a line can be read; with `telling` a file without a name is
    recognised. `columns` are all that are read; others are kept in the journal and ignored.
    """

    required: tuple[str, ...]
    telling: tuple[str, ...]
    columns: tuple[str, ...] = ()


# In the order in which a header row is tried: kinds that share columns with a plainer one come first.
TABLES: dict[TableKind, Table] = {
    "program_inputs": Table(
        required=("program", "period", "provider", "key", "value"),
        telling=("program", "period", "provider", "key", "value"),
        columns=("program", "period", "provider", "key", "value"),
    ),
    "rtf": Table(
        required=("mcp_id", "provider_id", "period"),
        telling=("mcp_id", "provider_id", "period", "file_status", "ecm_status"),
        columns=("mcp_id", "provider_id", "period", "file_status", "cin", "member_id"),
    ),
    "otf": Table(
        required=("mcp_id", "provider_id", "period"),
        telling=("mcp_id", "provider_id", "period", "file_status"),
        columns=("mcp_id", "provider_id", "period", "file_status", "cin", "member_id"),
    ),
    "fills": Table(
        required=("fill_id", "member_id", "fill_date"),
        telling=("fill_id", "member_id", "fill_date"),
        columns=("fill_id", "member_id", "fill_date", "ndc", "ingredient", "days_supply", "status"),
    ),
    "claims": Table(
        required=("claim_id", "member_id", "service_from"),
        telling=("claim_id", "member_id", "service_from"),
        columns=(
            "claim_id", "member_id", "service_from", "service_to", "admit_date", "discharge_date", "disposition",
            "bill_type", "place_of_service", "revenue_codes", "procedure_codes", "diagnosis_codes", "provider_npi",
            "provider_specialty", "paid_amount", "status",
        ),
    ),
    "care_events": Table(
        required=("member_id", "occurred_at", "type"),
        telling=("member_id", "occurred_at", "type"),
        columns=("member_id", "occurred_at", "type", "actor_id", "mode", "outcome", "detail"),
    ),
    "roster": Table(
        required=("member_id", "mcp_id", "coverage_start"),
        telling=("member_id", "mcp_id", "coverage_start"),
        columns=(
            "member_id", "cin", "mbi", "plan_member", "last_name", "first_name", "birth_date", "mcp_id",
            "coverage_start", "coverage_end", "ecm_provider_id", "ecm_status", "ecm_start", "ecm_end", "lead_cm_id",
            "risk_tier", "pof", "assigned_on", "sex", "language", "race_ethnicity", "race/ethnicity",
        ),
    ),
    "facilities": Table(
        required=("facility_id",),
        telling=("facility_id", "setting"),
        columns=("facility_id", "name", "setting", "time_zone", "npi", "ccn", "aliases", "sensitivity"),
    ),
}  # fmt: skip


def is_table(kind: str) -> TypeGuard[TableKind]:
    """Say whether a journal kind is a table with a header row."""
    return kind in TABLES


def kind_of(header: list[str]) -> TableKind | None:
    """The kind whose telling columns a header row has, in any order; None when it has no kind's."""
    names = set(map(column_name, header))
    return next((kind for kind, table in TABLES.items() if names.issuperset(table.telling)), None)


def resembling(header: list[str]) -> tuple[TableKind, tuple[str, ...]] | None:
    """The kind that a header row of none comes nearest to, and the telling columns that it lacks; None for a stranger.

    Near is who has more of a kind's columns, two at least, than it lacks of those that tell the kind.
    """
    names = set(map(column_name, header))
    near = []
    for kind, table in TABLES.items():
        has = len(names.intersection((*table.telling, *table.columns)))
        lacks = tuple(name for name in table.telling if name not in names)
        if has >= 2 and has > len(lacks) > 0:
            near.append((-len(lacks), has, kind, lacks))
    if not near:
        return None
    _, _, kind, lacks = max(near, key=lambda found: found[:2])
    return kind, lacks


def column_name(text: str) -> str:
    """A column's name as we compare it: `Member ID` and `member_id` are one."""
    return "_".join(text.strip().lower().replace("-", "_").split())
