"""What is mutated: public samples of many senders, and full messages about a made-up plan's members."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from random import Random

import pytest

from bench.world import START, Person, facilities_csv, roster_csv, stay
from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.charset import narrow
from tests.corpora import corpora

MEMBERS = 120
"""Members of the made-up plan: few enough that mutants of one meet those of another."""
DAYS = timedelta(days=40)
"""How long a store's journal lasts; the stays begin in the first half."""
_LONGEST = 8_000
_MERGED, _SECOND = "MRG|{0}^^^{1}^MR", "PID|2||{0}^^^{1}^MR\r"
_PAIRED = {
    "A40": f"{_MERGED}\r", "A18": f"{_MERGED}\r", "A44": f"{_MERGED}||A1\r", "A45": f"{_MERGED}||||V1\r",
    "A24": _SECOND, "A37": _SECOND, "A17": f"{_SECOND}PV1|2|I\r",
}  # fmt: skip
_CANCELS = ("A11", "A13", "A12", "A06", "A07", "A05", "A38", "A21", "A22", "A52", "A23", "A27", "A28", "A31", "A29")


@cache
def samples() -> tuple[bytes, ...]:
    """The public samples, message by message; none where they are not to be found."""
    try:
        folder = corpora("hl7v2")
    except pytest.skip.Exception:
        return ()
    files = [json.loads(line)["file"] for line in (folder / "INDEX.jsonl").read_text("utf-8").splitlines()]
    bodies = [(folder / file).read_bytes() for file in files]
    parts = [part.replace(b"\n", b"\r") for body in bodies for part in split_messages(narrow(body)).messages]
    return tuple(dict.fromkeys(part for part in parts if len(part) <= _LONGEST))


@cache
def made_up() -> tuple[bytes, ...]:
    """Stays of the plan's members, with cancels, and messages about two patients at once."""
    return tuple(_told(Random(1)))


@cache
def pool() -> tuple[bytes, ...]:
    """Both, in about equal parts."""
    ours, theirs = made_up(), samples()
    return (*theirs, *ours * max(1, len(theirs) // len(ours)))


def _told(dice: Random) -> Iterator[bytes]:
    for number in range(MEMBERS):
        begun = START + timedelta(hours=dice.randrange(24 * 20))
        lines = [line.body for line in stay(Person(number), begun, dice)]
        yield from lines
        yield _as(lines[-1], dice.choice(_CANCELS))
        trigger, other = dice.choice(sorted(_PAIRED)), Person(dice.randrange(MEMBERS))
        more = _PAIRED[trigger].format(other.mrn, dice.choice(("BENCH-H1", "BENCH-H2")))
        yield _as(lines[0], trigger) + more.encode()


def _as(body: bytes, trigger: str) -> bytes:
    """The same message with another event."""
    before = body.split(b"\r")[1].split(b"|")[1]
    for word in (b"ADT^", b"EVN|"):
        body = body.replace(word + before, word + trigger.encode())
    return body


@cache
def tables() -> tuple[tuple[str, bytes], ...]:
    """(kind, body) of tables and decisions about the same members."""
    return (
        ("facilities", facilities_csv()),
        *(("roster", roster_csv(range(first, first + 3))) for first in range(0, MEMBERS, 3)),
        *(("care_events", _care(Person(number))) for number in range(0, MEMBERS, 4)),
        *(("claims", _claim(Person(number))) for number in range(1, MEMBERS, 4)),
        *(("decisions", _decision(Person(number))) for number in range(2, MEMBERS, 4)),
    )


def _care(one: Person) -> bytes:
    head = "member_id,occurred_at,type,actor_id,mode,outcome,detail\n"
    kinds = ("contact", "care_plan_completed", "medication_reconciliation", "outreach_attempt")
    rows = (f"{one.member_id},{_at(one, days)},{kind},L1,phone,reached,\n" for days, kind in enumerate(kinds, 4))
    return (head + "".join(rows)).encode()


def _claim(one: Person) -> bytes:
    head = "claim_id,member_id,service_from,service_to,admit_date,procedure_codes,diagnosis_codes,status\n"
    return f"{head}K{one.number},{one.member_id},2025-03-20,2025-03-21,,99213;99495,I50.9,paid\n".encode()


def _decision(one: Person) -> bytes:
    patient = f"long|BENCH-H{1 + one.number % 4}|{one.mrn}"
    action = ("link", "unlink")[one.number // 4 % 2]
    said = {"at": _at(one, 9), "by": "nurse", "action": action, "source_patient": patient, "member_id": one.member_id}
    return json.dumps(said).encode() + b"\n"


def _at(one: Person, days: int) -> str:
    return (START + timedelta(days=days, minutes=one.number)).isoformat()


def told_at(share: float) -> datetime:
    """When a store receives the line that stands so far into its journal: some of what it says is still to come."""
    return START + DAYS * share
