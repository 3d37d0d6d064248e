"""Two ways to know a journal: absorbed in memory at once (`Told`), and as a store that is fed (`Live`)."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from models.reference import FeedHabits, Reference
from models.view import Effect, View
from services.member.derive import derive
from services.runtime.pipeline import Pipeline, read_lines
from services.runtime.recall import circles, with_registry
from services.runtime.store.contract import JournalLine, NewLine
from services.runtime.store.sqlite import SqliteStore
from services.runtime.workset import Workset
from services.status.questions import Questions
from services.status.shapes import member_json
from services.wiring.setup import Setup, read_setup
from tests.scribe import ZONE, Line, moment, shown

NAMED = {"notify": "tcs.notify_lead_cm", "contact7": "tcs.cm_contact_7d", "visit7": "tcs.ambulatory_visit_7d"}
NAMED |= {
    "close30": "tcs.close_review",
    "assess": "tcs.discharge_risk_assessment",
    "plan": "tcs.discharge_planning_doc",
}
NAMED |= {"medrec": "tcs.med_rec", "assign": "tcs.assign_cm", "share": "tcs.share_cm_identity", "um": "um.open_case"}
NAMED |= {"facility": "tcs.facility_notice", "outreach": "tcs.lower_risk_outreach", "screen": "tcs.screen_programs"}
NAMED |= {"visit30": "tcs.ambulatory_visit_30d", "tcm2": "tcm.contact_2bd"}
SHORT = {rule: name for name, rule in NAMED.items()}
TRIO = "notify contact7 visit7"


@cache
def setup() -> Setup:
    """The shipped rules, with the few codes that the stories use; feed `F48` closes hanging visits after two days,
    feed `FS` is a shadow.
    """
    found = read_setup(None)
    sets = {
        "outpatient-or-telehealth": frozenset({"99213", "99214"}),
        "transitional-care-management": frozenset({"99495"}),
        "medication-reconciliation": frozenset({"1111F"}),
    }
    feeds = {**found.reference.feeds, "F48": FeedHabits(auto_close_hours=48), "FS": FeedHabits(shadow=True)}
    reference = msgspec.structs.replace(found.reference, value_sets=sets, feeds=feeds, digest="tests")
    return msgspec.structs.replace(found, reference=reference)


class Nothing:
    """A store that holds nothing: everything is told in one batch."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: set() if name.endswith("with") else {}


class Told:
    """A journal absorbed in memory, answered as of any instant: what a batch load of it must show."""

    def __init__(self, journal: Sequence[Line], reference: Reference | None = None) -> None:
        self.journal, self.reference = list(journal), reference or setup().reference
        heard = read_lines(setup().readers, [journal_line(i, line) for i, line in enumerate(journal, 1)])
        assert not heard.quarantined, heard.quarantined
        self._work = Workset(Nothing())  # type: ignore[arg-type]
        for key, events in heard.patients.items():
            self._work.tell_patient(key, events)
        for member_id, events in heard.members.items():
            self._work.tell_member(member_id, events)
        self.members = sorted(heard.members)
        self._facilities = {}
        for event in heard.facilities:
            self._facilities[event.fact] = tuple(
                sorted({*self._facilities.get(event.fact, ()), event.teller}, key=lambda t: t.received_at)
            )
        self.circles = circles(self._work, self.members, self.reference.shadows)

    def views(self, as_of: datetime) -> dict[str, View]:
        reference = with_registry(self.reference, self._facilities, as_of)
        known = (around.facts(around.links(as_of), as_of).values() for around in self.circles)
        return {facts.member_id: derive(facts, reference, as_of) for one in known for facts in one if facts.roster}

    def json(self, as_of: datetime) -> dict[str, Any]:
        return {m: member_json(m, view, ZONE, as_of) for m, view in self.views(as_of).items()}

    def flags(self, when: str, member: str = "M1") -> list[str]:
        return list(self.json(moment(when))[member]["flags"])

    def reviews(self, when: str) -> dict[str, tuple[str, ...]]:
        """What a person must look at, by source patient without its feed."""
        found = {key.split("|", 1)[1]: said for key, (_, said) in self.known(moment(when)).items()}
        return {key: said for key, said in sorted(found.items()) if said}

    def known(self, at: datetime) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Whom each source patient that may be a member belongs to, and its reviews."""
        linked = [(around.links(at), around.patients) for around in self.circles]
        return {
            p.key: (tuple(sorted(links.members_of(p.key))), links.reviews(p.key))
            for links, patients in linked
            for p in patients
        }

    def tasks(self, when: str, rules: str = TRIO, member: str = "M1") -> list[str]:
        """`rule state due` of the watched rules, cancelled ones too."""
        wanted = {NAMED.get(r, r) for r in rules.split()}
        mine = [t for t in self.json(moment(when)).get(member, {"tasks": []})["tasks"] if t["rule"] in wanted]
        return sorted(f"{SHORT.get(t['rule'], t['rule'])} {t['state']} {shown(t['due_at'])}" for t in mine)

    def live(self, when: str, rules: str = TRIO, member: str = "M1") -> list[str]:
        """The tasks that the scenario checker compares: not those taken back."""
        gone = {"cancelled", "superseded", "not_possible"}
        return [t for t in self.tasks(when, rules, member) if t.split()[1] not in gone]

    def stays(self, when: str, member: str = "M1") -> list[str]:
        """`class facility status admitted > discharged` of the stays that are real."""
        found = self.json(moment(when)).get(member, {"stays": []})["stays"]
        real = [s for s in found if s["status"] not in {"cancelled", "void", "planned"}]
        return [
            f"{s['class']} {s['facility_id']} {s['status']} {shown(s['admitted_at'])} > {shown(s['discharged_at'])}"
            for s in real
        ]


def journal_line(seq: int, line: Line) -> JournalLine:
    body = line["body"].encode()
    return JournalLine(seq, line["feed"], datetime.fromisoformat(line["received_at"]), line["kind"], body, b"", b"")


class Live:
    """A store in a folder of its own, fed line by line."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.now = moment("2024-12-01 08:00")
        self.open()

    def open(self) -> None:
        self.store = SqliteStore.open(Path(self._folder.name), now=lambda: self.now)
        self.pipeline = Pipeline(self.store, setup().readers, setup().reference, lambda: self.now)

    def crash(self) -> None:
        self.store.close()
        self.open()

    def take(self, lines: Sequence[Line], *, bulk: bool = False) -> None:
        new = [
            NewLine(line["feed"], datetime.fromisoformat(line["received_at"]), line["kind"], line["body"].encode())
            for line in lines
        ]
        self.store.append(new).result()
        self.now = max([self.now, *(line.received_at for line in new)])
        while self.pipeline.run(bulk=bulk):
            pass

    def wait(self, until: datetime) -> None:
        self.now = max(self.now, until)
        self.pipeline.settle()

    def sleep(self, until: datetime) -> None:
        """Let time pass wake-up by wake-up."""
        while (at := self.store.next_wake()) and self.now < at <= until:
            self.wait(at)
        self.wait(until)

    def effects(self, after: int = 0) -> list[Effect]:
        return [row.effect for row in self.store.outbox(after, 1_000_000)]

    def json(self, as_of: datetime) -> dict[str, Any]:
        views = Questions(self.store, setup().reference).views(as_of)
        return {member_id: member_json(member_id, view, ZONE, as_of) for member_id, view in views}

    def close(self) -> None:
        with suppress(Exception):
            self.store.close()
        self._folder.cleanup()
