"""What intake makes of a line: canonical facts, each said by one message about one patient or member.

Structs that cannot be part of a cycle are hidden from the garbage collector (`gc=False`): records hold many of them.

A fact's key is its content. Who told it, and when, are `Teller`s beside it; two messages that say the same are one
fact with two tellers. See `services.member.facts`.
"""

from datetime import date
from typing import Literal

import msgspec

from models.clinical import Clinical, Demographics
from models.subjects import files_of, inputs_of
from models.submission import SubmissionDecision
from models.time import Instant, Stamp

PatientClass = Literal["inpatient", "observation", "emergency", "outpatient", "snf", "ltc", "other", ""]

StatementKind = Literal[
    "plan", "admit", "to_inpatient", "to_outpatient", "transfer", "discharge", "leave", "return", "update",
    "cancel_plan", "cancel_admit", "cancel_transfer", "cancel_discharge", "cancel_leave", "cancel_return", "void",
    "note",
]  # fmt: skip
"""`to_inpatient` is A06, `to_outpatient` A07, `void` A23; `note` (pending, tracking) has no effect on a stay."""

NEGATIONS: frozenset[str] = frozenset(
    {"cancel_plan", "cancel_admit", "cancel_transfer", "cancel_discharge", "cancel_leave", "cancel_return", "void"}
)


class Teller(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who told a fact: the message's name (SHA-256 of its bytes, hex), when we received it, over which feed.

    `recorded` and `occurred` are set where the fact's content key leaves both clocks out: updates and deaths. `sent`
    is MSH-7.
    """

    name: str
    received_at: Instant
    feed: str
    control_id: str = ""
    recorded: Stamp | None = None
    occurred: Stamp | None = None
    sent: Stamp | None = None


class Persona(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a message describes its patient: identifiers beyond the MRN, and second factors for matching.

    `identifiers` are sorted (kind, value) pairs; kinds are `cin`, `mbi` and `plan_member`. `birth_date` is None when
    absent or a placeholder; names are upper-case letters only, empty when absent or a placeholder.
    """

    identifiers: tuple[tuple[str, str], ...] = ()
    birth_date: date | None = None
    surname: str = ""
    given: str = ""


class Diagnosis(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """DG1: the code without dots, DG1-6 type (A, W, F), and rank (DG1-15, else DG1-1; 0 unknown)."""

    code: str
    type: str = ""
    rank: int = 0


class Statement(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="statement"):
    """One message says one thing about one source encounter. Times are as written; absent means "no statement".

    Args:
        source_patient: `feed|authority|value` of the patient identifier, the unit of merging and linking.
        facilities: facility as stated, best place first (EVN-7, PV1-39, PV1-3.4, MSH-4); the registry decides.
        visit: (assigning authority or "", PV1-19.1); None when the message has none.
        alternate_visit, account: PV1-50 and PID-18, "" when absent.
        old_visits: earlier numbers of the same encounter (MRG-5, MRG-3 on A06/A07), as (authority, number).
        location: PV1-3.1 point of care. admission_type: PV1-4, table 0007 (N newborn).
        admitted, discharged: PV1-44 and PV1-45. `discharge_deleted` is PV1-45 = `""`, kept for the
            record: A13 reopens a stay, with it or without (R-66).
        expected: PV2-8 of a plan.
        disposition: PV1-36 after the feed's map, two digits where it is a UB-04 code.
        occurred, recorded, sent: R-64 clocks; None on updates (the tellers hold them).
        may_close: an update's discharge time may close a stay that nobody discharged (R-66, feed option).
    """

    kind: StatementKind
    trigger: str
    feed: str
    source_patient: str
    persona: Persona
    facilities: tuple[str, ...] = ()
    visit: tuple[str, str] | None = None
    alternate_visit: str = ""
    account: str = ""
    old_visits: tuple[tuple[str, str], ...] = ()
    patient_class: PatientClass = ""
    location: str = ""
    admission_type: str = ""
    admitted: Stamp | None = None
    discharged: Stamp | None = None
    discharge_deleted: bool = False
    expected: Stamp | None = None
    disposition: str = ""
    diagnoses: tuple[Diagnosis, ...] = ()
    occurred: Stamp | None = None
    recorded: Stamp | None = None
    sent: Stamp | None = None
    may_close: bool = False
    flags: tuple[str, ...] = ()


class PatientEdge(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="edge"):
    """Two source patients are said to be one (`merge`, `link`), or not after all (`unlink`, A37).

    For a merge `source` is the retired side (MRG) and `target` the survivor (PID); a link has no direction.
    """

    kind: Literal["merge", "link", "unlink"]
    source: str
    target: str
    trigger: str
    recorded: Stamp | None = None


class VisitMove(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="move"):
    """A visit or account moves from one source patient to another (A44, A45): the earlier one was the wrong patient."""

    source: str
    target: str
    visit: tuple[str, str] | None
    account: str
    trigger: str
    recorded: Stamp | None = None


class VisitRename(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="rename"):
    """Two numbers mean one encounter of a source patient (A35, A36, A41, A42, A49, A50, A51)."""

    source_patient: str
    field: Literal["visit", "alternate_visit", "account"]
    old: tuple[str, str]
    new: tuple[str, str]
    trigger: str


class Known(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="known"):
    """A message described this source patient so; the first of them is when its identifiers became known."""

    source_patient: str
    persona: Persona


class DeathWord(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="death"):
    """A message says that the patient died (PID-30 = Y, or a time in PID-29), or that they did not (PID-30 = N)."""

    source_patient: str
    died: bool
    at: Stamp | None = None


class RosterRow(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="roster"):
    """One row of the plan's member information file: it restates the member whole.

    `sex` is F, M, X or U as far as it is known, else as written; `language` and `race_ethnicity` are as written.
    """

    member_id: str
    cin: str = ""
    mbi: str = ""
    plan_member: str = ""
    birth_date: date | None = None
    surname: str = ""
    given: str = ""
    mcp_id: str = ""
    coverage_start: date | None = None
    coverage_end: date | None = None
    ecm_provider_id: str = ""
    ecm_status: str = ""
    ecm_start: date | None = None
    ecm_end: date | None = None
    lead_cm_id: str = ""
    risk_tier: str = ""
    pof: str = ""
    assigned_on: date | None = None
    sex: str = ""
    language: str = ""
    race_ethnicity: str = ""


class CareEvent(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="care_event"):
    """Something a person did for a member; `detail` are sorted (key, value) pairs."""

    member_id: str
    occurred_at: Instant
    type: str
    actor_id: str = ""
    mode: str = ""
    outcome: str = ""
    detail: tuple[tuple[str, str], ...] = ()


class Claim(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="claim"):
    """A claim row; a later row with the same `claim_id` replaces it.

    Args:
        service_from, service_to: both included; `service_from` is the admission day where only that is stated.
        status: `paid`, `denied` or `reversed`.
        diagnosis_codes: without dots, in the order written: the first is the principal one.
        disposition: patient discharge status (UB-04 FL 17), two digits. bill_type: three or four characters (`111`).
        revenue_codes: four digits each. provider_npi, provider_specialty: as written.
        paid_amount: an exact decimal as text (`12.50`), "" when unknown.
    """

    member_id: str
    claim_id: str
    service_from: date | None
    service_to: date | None = None
    status: str = "paid"
    procedure_codes: tuple[str, ...] = ()
    diagnosis_codes: tuple[str, ...] = ()
    place_of_service: str = ""
    admit_date: date | None = None
    discharge_date: date | None = None
    disposition: str = ""
    bill_type: str = ""
    revenue_codes: tuple[str, ...] = ()
    provider_npi: str = ""
    provider_specialty: str = ""
    paid_amount: str = ""


class Fill(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="fill"):
    """A row of a pharmacy file; a later row with the same `fill_id` replaces it.

    Args:
        ndc: 11 digits, else as written. ingredient: lower case, as the plan names it; combinations hold a `/`.
        days_supply: None when it is absent or nothing that a supply can be.
        status: `dispensed`, `completed`, `reversed` or `cancelled`; another word as written.
    """

    member_id: str
    fill_id: str
    fill_date: date | None
    ndc: str = ""
    ingredient: str = ""
    days_supply: int | None = None
    status: str = "dispensed"


ReturnFile = Literal["rtf", "otf"]
"""The files that a provider returns to a plan: Return Transmission File and Outreach Tracker File."""


class ReturnRow(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="return"):
    """One row of one version of a return file. Its tellers' receipts are those of the versions that had it.

    Args:
        file: which file. mcp_id, provider_id: to whom, and by whom. period: the month told of, `2025-06`.
        file_status: what the plan said of the version: `accepted` or `rejected`.
        cin, member_id: whom the row is about, where it says so.
        values: the other columns that say something, as sorted (canonical name, value) pairs.
    """

    file: ReturnFile
    mcp_id: str
    provider_id: str
    period: str
    file_status: Literal["accepted", "rejected"]
    cin: str = ""
    member_id: str = ""
    values: tuple[tuple[str, str], ...] = ()

    @property
    def subject(self) -> str:
        """Whose record holds it: the provider's files to the plan."""
        return files_of(self.mcp_id, self.provider_id)


class ProgramInput(msgspec.Struct, frozen=True, array_like=True, gc=False, tag_field="fact", tag="program_input"):
    """A number that a payment program needs and that nobody can count.

    Args:
        period: as the program writes its periods (`2025`, `2025-Q1`, `2025-03`).
        key: `reimbursement`, `capitation`, `cost`, `benchmark`, `prior_rate`, the latter two also of one measure:
            `prior_rate:cbp`.
        value: an exact decimal as text.
    """

    program: str
    period: str
    provider: str
    key: str
    value: str

    @property
    def subject(self) -> str:
        """Whose record holds it: what the program is told about the provider."""
        return inputs_of(self.program, self.provider)


class Decision(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="decision"):
    """What a person decided about identity: link or un-link a source patient, or settle a review item."""

    at: Instant
    by: str
    action: Literal["link", "unlink", "review"]
    source_patient: str
    member_id: str
    reason: str = ""


class QuarantineDecision(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="quarantine"):
    """What a person decided about a message in quarantine; `message` is its name (hex SHA-256)."""

    at: Instant
    by: str
    action: Literal["replay", "dismiss"]
    message: str
    reason: str = ""


class Facility(msgspec.Struct, frozen=True, array_like=True, tag_field="fact", tag="facility"):
    """A row of the facility registry; `aliases` are other names and codes a feed may use for it."""

    facility_id: str
    name: str = ""
    setting: str = ""
    time_zone: str = ""
    aliases: tuple[str, ...] = ()
    sensitivity: str = ""


Fact = (
    Statement | PatientEdge | VisitMove | VisitRename | Known | DeathWord
    | Clinical | Demographics | RosterRow | CareEvent | Claim | Fill | ReturnRow | ProgramInput
    | Decision | QuarantineDecision | SubmissionDecision | Facility
)  # fmt: skip
MemberFact = RosterRow | CareEvent | Claim | Fill | ReturnRow | ProgramInput | SubmissionDecision
"""Facts that name their subject and so need no linking."""


def subject_of(fact: MemberFact) -> str:
    """Whose record holds a fact: a member's, or another subject's (`models.subjects`)."""
    return fact.subject if isinstance(fact, ReturnRow | ProgramInput | SubmissionDecision) else fact.member_id


class Event(msgspec.Struct, frozen=True):
    """One fact and who told it, as intake hands it on."""

    fact: Fact
    teller: Teller
