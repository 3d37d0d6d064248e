"""Who and what the demo is about: members on the roster, facilities, and the tables that say so."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from services.cli.demo.wording import ZONE, Person

FACILITIES = {"DEMO-H1": "acute", "DEMO-H2": "acute", "DEMO-H3": "acute", "DEMO-N1": "snf"}
MEMBERS = 40
_TREES = ("Alder", "Aspen", "Birch", "Cedar", "Cypress", "Elder", "Hawthorn", "Hazel", "Juniper", "Laurel", "Linden",
          "Maple", "Oak", "Poplar", "Rowan", "Sequoia", "Spruce", "Sycamore", "Walnut", "Willow")  # fmt: skip
_BIRDS = ("Avocet", "Bunting", "Condor", "Dunlin", "Egret", "Finch", "Grouse", "Heron", "Ibis", "Jay", "Kestrel",
          "Lark", "Merlin", "Nuthatch", "Oriole", "Plover", "Quail", "Robin", "Swift", "Tern")  # fmt: skip


def member_id(number: int) -> str:
    """The plan's id of the n-th member, from 1."""
    return f"DEMO-M{number:02}"


def member(number: int) -> Person:
    """The n-th member as hospitals know them: the CIN is made up, with eight digits and a letter."""
    born = date(1938, 3, 1) + timedelta(days=431 * number)
    return Person(
        mrn=f"R{4000 + number}",
        surname=_TREES[number % len(_TREES)],
        given=_BIRDS[(number * 7 + number // 20) % len(_BIRDS)],
        born=born.strftime("%Y%m%d"),
        sex="FM"[number % 2],
        cin=f"9000{number:04}{'ABCDEFGH'[number % 8]}",
    )


def stranger(number: int) -> Person:
    """A patient whom no roster names."""
    return Person(f"R{9000 + number}", "Bamboo", _BIRDS[number], f"1970010{number + 2}", "M")


def facilities_csv() -> str:
    """The facility registry."""
    header = ("facility_id", "name", "setting", "time_zone", "aliases")
    rows = [(name, f"Demonstration {name}", kind, str(ZONE), "") for name, kind in FACILITIES.items()]
    return table(header, rows)


def roster_csv(start: datetime) -> str:
    """The member information file: everybody covered, two of three in care management."""
    today = start.astimezone(ZONE).date()
    header = ("member_id", "cin", "last_name", "first_name", "birth_date", "sex", "mcp_id", "coverage_start",
              "coverage_end", "ecm_provider_id", "ecm_status", "ecm_start", "lead_cm_id", "risk_tier",
              "assigned_on")  # fmt: skip
    return table(header, (_roster_row(number, today) for number in range(1, MEMBERS + 1)))


def _roster_row(number: int, today: date) -> Sequence[str]:
    person = member(number)
    since = (today - timedelta(days=200)).isoformat()
    managed = number % 3 != 0
    provider = (
        (f"DEMO-P{number % 2 + 1}", "enrolled", since, f"DEMO-L{number % 4 + 1}") if managed else ("", "", "", "")
    )
    return (
        member_id(number),
        person.cin,
        person.surname,
        person.given,
        f"{person.born[:4]}-{person.born[4:6]}-{person.born[6:]}",
        person.sex,
        "DEMO-PLAN",
        (today - timedelta(days=400)).isoformat(),
        "",
        *provider,
        "high" if number % 2 else "low",
        since if managed else "",
    )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV with its header row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([header, *rows])
    return out.getvalue()
