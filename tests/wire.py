"""What senders send: HL7 v2 text, roster and care rows, decisions, all about made-up people."""

import json
from collections.abc import Mapping
from datetime import datetime

FACILITIES = "facility_id,name,setting,time_zone\n" + "".join(
    f"{name},{kind} {name},{kind},America/Los_Angeles\n"
    for name, kind in (("H1", "acute"), ("H2", "acute"), ("N1", "snf"), ("L1", "ltc"), ("P1", "psych"), ("Q1", "ed"))
)
NAMES = {"M1": ("RIVERA", "ANA", "19800214"), "M2": ("STONE", "BEN", "19710409"), "M3": ("OKORO", "CHI", "19650731")}
ROSTER = "member_id cin last_name first_name birth_date mcp_id coverage_start coverage_end ecm_provider_id ecm_status"
ROSTER_COLUMNS = [*ROSTER.split(), "ecm_start", "ecm_end", "lead_cm_id", "risk_tier", "assigned_on"]


def cin(member: str) -> str:
    return f"9000000{member[1:]}A"


def stamp(at: datetime | str | None) -> str:
    """HL7's way to write a wall clock; text is sent as it is."""
    return at if isinstance(at, str) else at.strftime("%Y%m%d%H%M%S") if at else ""


def pid(
    member: str, mrn: str, authority: str, *, stranger: bool = False, extra: Mapping[int, str] | None = None
) -> str:
    """A PID; a stranger is somebody whom the desk could not name."""
    surname, given, born = ("UNKNOWN", "PATIENT", "") if stranger else NAMES[member]
    known = "" if stranger else f"~{cin(member)}^^^DHCS^MC"
    fields = {1: "1", 3: f"{mrn}^^^{authority}^MR{known}", 5: f"{surname}^{given}", 7: born, 8: "F", **(extra or {})}
    return segment("PID", fields)


def segment(name: str, fields: Mapping[int, str]) -> str:
    return "|".join([name, *(fields.get(i, "") for i in range(1, max(fields, default=0) + 1))])


def message(
    trigger: str, control: str, sent: datetime | str, recorded: str, occurred: str, segments: list[str], h: str
) -> str:
    msh = f"MSH|^~\\&|ADT|{h}|HIE|PLANA|{stamp(sent)}||ADT^{trigger}|{control}|P|2.5.1"
    return "\r".join([msh, f"EVN|{trigger}|{recorded}||||{occurred}", *segments]) + "\r"


def roster(member: str, **changes: str) -> str:
    """One roster row: the baseline of care-rules §7, with changes."""
    surname, given, born = NAMES[member]
    row = {
        "member_id": member, "cin": cin(member), "last_name": surname.title(), "first_name": given.title(),
        "birth_date": f"{born[:4]}-{born[4:6]}-{born[6:]}", "mcp_id": "PLANA", "coverage_start": "2023-01-01",
        "ecm_provider_id": "P1", "ecm_status": "enrolled", "ecm_start": "2024-06-01", "lead_cm_id": "L1",
        "risk_tier": "high", "assigned_on": "2024-05-20", **changes,
    }  # fmt: skip
    return ",".join(ROSTER_COLUMNS) + "\n" + ",".join(row.get(column, "") for column in ROSTER_COLUMNS) + "\n"


def care(member: str, at: datetime, kind: str, **more: str) -> str:
    row = [member, at.isoformat(), kind, more.get("actor", "L1"), more.get("mode", "phone")]
    row += [more.get("outcome", ""), more.get("detail", "")]
    return "member_id,occurred_at,type,actor_id,mode,outcome,detail\n" + ",".join(row) + "\n"


def claim(member: str, name: str, day: str, codes: str, status: str) -> str:
    head = "claim_id,member_id,service_from,service_to,procedure_codes,status"
    return f"{head}\n{name},{member},{day},{day},{codes},{status}\n"


def decision(at: datetime, action: str, patient: str, member: str) -> str:
    said = {"at": at.isoformat(), "by": "reviewer", "action": action, "source_patient": patient, "member_id": member}
    return json.dumps(said) + "\n"
