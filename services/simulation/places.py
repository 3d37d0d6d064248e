"""Facilities and feeds of the made-up exchange, and how each feed writes."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Los_Angeles")
"""Where due days fall."""


@dataclass(frozen=True, slots=True)
class Feed:
    """How a sender writes HL7 v2.

    Args:
        offsets: its time stamps carry an offset. cin_in_insurance: the CIN stands in IN1-36, not in PID-3.
        facility_in: the field that names the facility. lag_minutes_max: how long a message takes to come, at most.
        observation_in: the field that says "observation", beside PV1-2 = O; "" for a code of its own in PV1-2.
    """

    name: str
    letter: str
    authority: str
    offsets: bool
    cin_in_insurance: bool
    facility_in: str
    lag_minutes_max: int
    observation_in: str


NORTH = Feed("sim-north", "N", "SIMNORTH", True, False, "EVN-7", 6, "PV1-18")
SOUTH = Feed("sim-south", "S", "SIMSOUTH", False, True, "PV1-39", 35, "PV1-10")
EXCHANGE = Feed("sim-exchange", "X", "SIMEXCHANGE", True, False, "PV1-3.4", 90, "")
"""An HIE: sole teller of some facilities, second teller of others."""


@dataclass(frozen=True, slots=True)
class Facility:
    """A row of the registry; `alias` is what its feed calls it."""

    id: str
    name: str
    setting: str
    zone: ZoneInfo
    alias: str
    feed: Feed


ACUTE = (
    Facility("SIM-H1", "Made-up General", "acute", ZONE, "1999999901", NORTH),
    Facility("SIM-H2", "Made-up Memorial", "acute", ZONE, "SMEM", SOUTH),
    Facility("SIM-H3", "Made-up Border Hospital", "acute", ZoneInfo("America/Denver"), "SBORD", EXCHANGE),
    Facility("SIM-H4", "Made-up Valley Hospital", "acute", ZoneInfo("America/Denver"), "SVALL", SOUTH),
)
EMERGENCY = (Facility("SIM-E1", "Made-up Emergency Centre", "ed", ZONE, "SEMER", SOUTH),)
PSYCHIATRIC = (Facility("SIM-P1", "Made-up Psychiatric Hospital", "psych", ZONE, "SPSY", SOUTH),)
NURSING = (
    Facility("SIM-N1", "Made-up Nursing Home", "snf", ZONE, "1999999906", NORTH),
    Facility("SIM-N2", "Made-up Care Centre", "snf", ZONE, "SCARE", SOUTH),
)
ALL = (*ACUTE, *EMERGENCY, *PSYCHIATRIC, *NURSING)

MARK_PREFIX = "SIM-WORLD-"
"""A registry row with this prefix says which world a journal tells of."""


def registry_csv(mark: str) -> bytes:
    """The facility registry; its last row is no facility but the world's mark, by which `score` knows a store."""
    rows = [(f.id, f.name, f.setting, f.zone.key, f.alias) for f in ALL]
    rows.append((MARK_PREFIX + mark, "Not a facility: the mark of a simulated world", "clinic", ZONE.key, ""))
    return table(("facility_id", "name", "setting", "time_zone", "aliases"), rows)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV with its header row, in UTF-8."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue().encode()
