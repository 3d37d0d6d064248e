"""The rows of each kind as they cross the border, and the facts they state. Pydantic guards; `fact()` converts."""

from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

from connectors.tabular.billing import ClaimRow, FillRow
from connectors.tabular.cells import Amount, Birth, Day, Id, Member, Name, When, Word, wrong
from connectors.tabular.decisions import TASK_ACTIONS
from connectors.tabular.kinds import TableKind
from connectors.tabular.row import Row, one_of
from connectors.tabular.words import (
    CARE_EVENTS,
    INPUT_KEYS,
    MODES,
    OUTCOMES,
    RISK_TIERS,
    SEXES,
    SURVEY,
    bad_shapes,
    known_as,
    unknown_words,
)
from models.events import CareEvent, Facility, ProgramInput, RosterRow
from services.identity import normalise
from services.returns.vocabulary import ECM_STATUSES

SETTINGS = frozenset({"acute", "psych", "sud_res", "snf", "ltc", "irf", "ltach", "ed", "clinic"})
_ZONES = frozenset(available_timezones())


def _zone(name: str) -> str:
    if name and name not in _ZONES:
        raise wrong("bad_time_zone", "Write an IANA time zone, such as America/Los_Angeles.")
    return name and ZoneInfo(name).key


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`key=value;…`, sorted; a bare word has the value "". `text=` takes the rest of the cell: people write `;`."""
    before, mark, note = text.partition("text=")
    pieces = [piece.partition("=") for piece in before.split(";") if piece.strip()]
    pairs = {key.strip().lower(): value.strip() for key, _, value in pieces}
    return tuple(sorted((pairs | {"text": note.strip()} if mark else pairs).items()))


def _input_key(text: str) -> str:
    """`prior_rate` and `prior_rate:cbp`: the measure's id keeps its own spelling."""
    key, colon, measure = text.partition(":")
    return "_".join(key.lower().replace("-", " ").split()) + colon + measure.strip()


def _sex(text: str) -> str:
    return SEXES.get(text.lower(), text)


class FacilityRow(Row):
    """A row of the facility registry. NPI and CCN are names a feed may use, so they join the aliases."""

    facility_id: Id
    name: str = ""
    setting: Annotated[Word, one_of(SETTINGS)] = ""
    time_zone: Annotated[str, AfterValidator(_zone)] = ""
    npi: str = ""
    ccn: str = ""
    aliases: str = ""
    sensitivity: Word = ""

    def fact(self) -> Facility:
        """State the facility."""
        names = [*(alias.strip() for alias in self.aliases.split(";")), self.npi, self.ccn]
        return Facility(
            facility_id=self.facility_id,
            name=self.name,
            setting=self.setting,
            time_zone=self.time_zone,
            aliases=tuple(dict.fromkeys(filter(None, names))),
            sensitivity=self.sensitivity,
        )


class MemberRow(Row):
    """A row of the plan's member information file; identifiers and names take the form that matching compares."""

    member_id: Member
    cin: str = ""
    mbi: str = ""
    plan_member: Name = ""
    last_name: str = ""
    first_name: str = ""
    birth_date: Birth = None
    mcp_id: Name = ""
    coverage_start: Day = None
    coverage_end: Day = None
    ecm_provider_id: Name = ""
    ecm_status: Annotated[str, known_as(*ECM_STATUSES)] = ""
    ecm_start: Day = None
    ecm_end: Day = None
    lead_cm_id: Name = ""
    risk_tier: Annotated[str, known_as(*RISK_TIERS)] = ""
    pof: Name = ""
    assigned_on: Day = None
    sex: Annotated[str, BeforeValidator(_sex)] = ""
    language: Name = ""
    race_ethnicity: Name = Field("", validation_alias=AliasChoices("race_ethnicity", "race/ethnicity"))

    def fact(self) -> RosterRow:
        """State the member whole."""
        return RosterRow(
            member_id=self.member_id,
            cin=normalise.cin(self.cin),
            mbi=normalise.mbi(self.mbi),
            plan_member=normalise.plan_member(self.plan_member),
            birth_date=self.birth_date,
            surname=normalise.surname(self.last_name),
            given=normalise.given(self.first_name),
            mcp_id=self.mcp_id,
            coverage_start=self.coverage_start,
            coverage_end=self.coverage_end,
            ecm_provider_id=self.ecm_provider_id,
            ecm_status=self.ecm_status,
            ecm_start=self.ecm_start,
            ecm_end=self.ecm_end,
            lead_cm_id=self.lead_cm_id,
            risk_tier=self.risk_tier,
            pof=self.pof,
            assigned_on=self.assigned_on,
            sex=self.sex,
            language=self.language,
            race_ethnicity=self.race_ethnicity,
        )

    def marks(self) -> tuple[str, ...]:
        """Words that no rule knows, and identifiers by which nobody can be matched."""
        words = {
            "ecm_status": (self.ecm_status, ECM_STATUSES),
            "risk_tier": (self.risk_tier, RISK_TIERS),
            "sex": (self.sex, tuple(SEXES.values())),
        }
        ids = {"cin": (self.cin, normalise.cin(self.cin)), "mbi": (self.mbi, normalise.mbi(self.mbi))}
        return (*unknown_words(words), *bad_shapes(ids))


class CareEventRow(Row):
    """A row of what people did. Types that no rule knows yet are kept."""

    member_id: Member
    occurred_at: When
    type: Annotated[Id, known_as(*CARE_EVENTS)]
    actor_id: str = ""
    mode: Annotated[str, known_as(*MODES)] = ""
    outcome: Annotated[str, known_as(*OUTCOMES)] = ""
    detail: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)] = ()

    def fact(self) -> CareEvent:
        """State the event."""
        return CareEvent(
            member_id=self.member_id,
            occurred_at=self.occurred_at,
            type=self.type,
            actor_id=self.actor_id,
            mode=self.mode,
            outcome=self.outcome,
            detail=self.detail,
        )

    def marks(self) -> tuple[str, ...]:
        """Words that no rule knows."""
        words = {"type": (self.type, CARE_EVENTS), "mode": (self.mode, MODES), "outcome": (self.outcome, OUTCOMES)}
        if self.type == SURVEY:
            del words["outcome"]
        if self.type == "task_note":
            words["detail"] = (dict(self.detail).get("action", ""), tuple(TASK_ACTIONS))
        return tuple(unknown_words(words))


class ProgramInputRow(Row):
    """A number that a payment program is told. Its provider is empty where the number is the whole plan's."""

    program: Id
    period: Id
    provider: Name
    key: Annotated[Id, BeforeValidator(_input_key)]
    value: Amount

    def fact(self) -> ProgramInput:
        """State the number."""
        return ProgramInput(self.program, self.period, self.provider, self.key, self.value)

    def marks(self) -> tuple[str, ...]:
        """Keys that no program knows."""
        return tuple(unknown_words({"key": (self.key.partition(":")[0], INPUT_KEYS)}))


ROWS: dict[TableKind, type[FacilityRow | MemberRow | CareEventRow | ClaimRow | FillRow | ProgramInputRow]] = {
    "facilities": FacilityRow,
    "roster": MemberRow,
    "care_events": CareEventRow,
    "claims": ClaimRow,
    "fills": FillRow,
    "program_inputs": ProgramInputRow,
}
"""Return files are read by their own room: `connectors.tabular.returns`."""
