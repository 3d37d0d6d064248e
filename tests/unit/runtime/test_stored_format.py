"""Stored records outlive the program that wrote them: what this format wrote is still read, byte for byte."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from models.clinical import Clinical, Demographics, Part, Ranked
from models.events import (
    CareEvent,
    Claim,
    DeathWord,
    Decision,
    Diagnosis,
    Facility,
    Fill,
    Known,
    PatientEdge,
    Persona,
    ProgramInput,
    QuarantineDecision,
    ReturnRow,
    RosterRow,
    Statement,
    Teller,
    VisitMove,
    VisitRename,
)
from models.measure import Contribution
from models.owner import Owner
from models.submission import SubmissionDecision
from models.time import Stamp
from models.view import SourceRef, Stay, Task, View
from services.member.facts import Facts, freeze, thaw
from services.runtime.store.contract import MemberRow
from services.runtime.workset import FORMAT, freeze_member, thaw_member

GOLDEN = Path(__file__).parents[2] / "data" / "stored_format_3.bin"
AT = datetime(2025, 3, 6, 19, 35, tzinfo=UTC)
WALL = Stamp(datetime(2025, 3, 6, 11, 30), None, "minute")  # noqa: DTZ001 - a wall time as written
PERSONA = Persona((("cin", "90000001A"),), date(1980, 2, 14), "RIVERA", "ANA")
TOLD = (Teller("ab" * 32, AT, "F1", "C1", WALL, WALL, WALL),)


def every_fact() -> Facts:
    statement = Statement(
        kind="discharge", trigger="A03", feed="F1", source_patient="F1|H1|M1", persona=PERSONA, facilities=("H1",),
        visit=("H1", "V1"), alternate_visit="A", account="B", old_visits=(("H1", "V0"),), patient_class="inpatient",
        location="MED", admission_type="N", admitted=WALL, discharged=WALL, discharge_deleted=True, expected=WALL,
        disposition="01", diagnoses=(Diagnosis("J189", "F", 1),), occurred=WALL, recorded=WALL, sent=WALL,
        may_close=True, flags=("x",),
    )  # fmt: skip
    facts = [
        statement,
        PatientEdge("merge", "a", "b", "A40", WALL),
        VisitMove("a", "b", ("H1", "V1"), "ACC", "A45", WALL),
        VisitRename("a", "visit", ("H1", "V0"), ("H1", "V1"), "A50"),
        Known("a", PERSONA),
        DeathWord("a", True, WALL),
        RosterRow(
            "M1",
            "90000001A",
            "",
            "",
            date(1980, 2, 14),
            "RIVERA",
            "ANA",
            "PLANA",
            date(2023, 1, 1),
            None,
            "P1",
            sex="F",
            language="es",
            race_ethnicity="Hispanic",
        ),
        CareEvent("M1", AT, "contact", "L1", "phone", "reached", (("to", "lead_cm"),)),
        Claim(
            "M1",
            "C1",
            date(2025, 3, 12),
            None,
            "paid",
            ("99495",),
            ("I509",),
            "11",
            date(2025, 3, 12),
            date(2025, 3, 14),
            "01",
            "111",
            ("0120",),
            "1234567893",
            "cardiology",
            "812.50",
        ),
        Fill("M1", "X1", date(2025, 3, 12), "00093105801", "metformin", 90, "dispensed"),
        ReturnRow("rtf", "PLANA", "P1", "2025-06", "accepted", "90000001A", "M1", (("ecm_status", "enrolled"),)),
        ProgramInput("plan_a.qip", "2025-Q1", "P1", "prior_rate:cbp", "0.61"),
        Clinical(
            "observation",
            "a",
            "Observation/bp",
            "final",
            "active",
            WALL,
            ("loinc|85354-9",),
            WALL,
            WALL,
            WALL,
            1.5,
            "mm[Hg]",
            ("snomed|1",),
            True,
            (Part(("loinc|8480-6",), 128.0, ("x|y",)),),
            (Ranked(("icd10cm|I10",), 1),),
            ("snomed|2",),
            ("disposition|01",),
            "AMB",
            "Encounter/e1",
            ("snomed|3",),
            ("laboratory",),
            True,
            "order",
            30,
            ("ingredient|metformin",),
        ),
        Demographics("a", "female", ("cdcrec|2106-3",), ("cdcrec|2186-5",), "es"),
        Decision(AT, "ops", "link", "a", "M1", "chart"),
        QuarantineDecision(AT, "ops", "replay", "cd" * 32),
        SubmissionDecision(AT, "ops", "contact", "ipp.5", "Ana Rivera", "ana@plan.example"),
        SubmissionDecision(AT, "ops", "freeze", "ipp.5", values=(("cbp", "5/8"),), reason="sent"),
        Facility("H1", "General", "acute", "America/Los_Angeles", ("GEN",)),
    ]
    return dict.fromkeys(facts, TOLD)


def row() -> MemberRow:
    stay = Stay("s", "H1", "inpatient", "finished", AT, AT, "01", (SourceRef("F1", "C1", "n"),), flags=("f",))
    task = Task(
        "t", "tcs.cm_contact_7d", "2025.1", "discharged", "open", AT, AT, None, "s", Owner("PLANA", "P1", "L1"), None,
        ("n",), ("f",), "due_soon",
    )  # fmt: skip
    counted = Contribution(
        "pdc.diabetes", "2025.1", "2025", "u", 1, 1, 0, 0, 1, 0.92, AT.date(), AT.date(), date(2025, 12, 31),
        Owner("PLANA", "P1", "L1"), (("age_band", "45-64"),),
    )  # fmt: skip
    blob = msgspec.msgpack.encode
    return MemberRow(
        member_id="M1", facts=freeze(every_fact()), identifiers=(("cin", "90000001A"),),
        view=blob(View((stay,), (task,), AT, ("f",), (counted,))), revisions=blob({"t": 2}),
        derived_at=AT, wake_at=AT, on_roster=True,
        history_from=AT,
    )  # fmt: skip


def test_what_the_format_wrote_is_still_read_and_written_the_same() -> None:
    golden = msgspec.msgpack.decode(GOLDEN.read_bytes(), type=MemberRow)
    assert FORMAT == b"3", "a new format needs a golden file of its own, and a step from the old one"
    assert golden == row()
    assert freeze_member(thaw_member(golden), golden.facts, msgspec.msgpack.encode(thaw_member(golden).view)) == golden
    assert thaw(golden.facts) == every_fact()
