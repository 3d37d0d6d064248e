"""What each ADT trigger says (HL7 table 0003; effects: interop 2.2 and care-rules 0.5). A table, and nothing else."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from models.events import StatementKind

Field = Literal["visit", "alternate_visit", "account"]


class Rename(NamedTuple):
    """A number changes: the old one is in this MRG field, the new one where the profile finds `field`."""

    field: Field
    old: int


STATEMENTS: Mapping[str, StatementKind] = {
    "A01": "admit", "A02": "transfer", "A03": "discharge", "A04": "admit", "A05": "plan", "A06": "to_inpatient",
    "A07": "to_outpatient", "A08": "update", "A09": "note", "A10": "note", "A11": "cancel_admit",
    "A12": "cancel_transfer", "A13": "cancel_discharge", "A14": "plan", "A15": "note", "A16": "note", "A17": "update",
    "A21": "leave", "A22": "return", "A23": "void", "A25": "note", "A26": "note", "A27": "cancel_plan", "A31": "update",
    "A32": "note", "A33": "note", "A38": "cancel_plan", "A52": "cancel_leave", "A53": "cancel_return", "A54": "update",
    "A55": "update", "A61": "update", "A62": "update",
}  # fmt: skip
"""One statement a patient group (A17 swaps two patients' beds: two updates)."""

ADMISSIONS = frozenset({"A01", "A04", "A06"})
"""Their event time may be PV1-44 (R-64)."""

MERGES = frozenset({"A18", "A30", "A34", "A36", "A39", "A40", "A43", "A46", "A47", "A48"})
"""MRG's patient becomes PID's. A43 moves everything, A46 to A48 rename the identifier: to us the same."""

LINKS: Mapping[str, Literal["link", "unlink"]] = {"A24": "link", "A37": "unlink"}
"""Two PID segments are one person, or not after all."""

RENAMES: Mapping[str, Rename] = {
    "A35": Rename("account", 3), "A36": Rename("account", 3), "A41": Rename("account", 3), "A42": Rename("visit", 5),
    "A49": Rename("account", 3), "A50": Rename("visit", 5), "A51": Rename("alternate_visit", 6),
}  # fmt: skip

MOVES = frozenset({"A44", "A45"})
"""An account (A44) or a visit (A45) belonged to the wrong patient."""

DESCRIPTIONS = frozenset({"A28", "A29"})
"""They describe a person and say nothing of a stay."""

INTERPRETED = frozenset(STATEMENTS) | MERGES | frozenset(LINKS) | frozenset(RENAMES) | MOVES | DESCRIPTIONS
"""All that are mapped to facts."""

IGNORED = frozenset({"A19", "A20", "A60"})
"""A query, a bed, allergies: kept and counted."""

RESULTS = frozenset({"R01", ""})
"""Of ORU messages: unsolicited results, which before 2.3 had no trigger. They become observations."""
