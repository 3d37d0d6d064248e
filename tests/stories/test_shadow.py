"""A shadow feed: kept, matched, and nothing of it leaves the system until it is trusted."""

from contextlib import closing
from datetime import datetime, timedelta

import msgspec
from hypothesis import given

from models.patients import key_of
from services.runtime.workset import Patient
from services.status.comparing import Comparison, compare
from tests.laws.histories import INSTANTS, histories, law
from tests.scribe import Scribe, shown
from tests.timeline import Line, Live, Told, moment, play, rows
from tests.worlds import setup


def story(text: str) -> list[Line]:
    scribe = Scribe()
    return [*scribe.opening(), *(scribe.write(when, event) for when, event, _ in rows(text))]


def compared(text: str, feed: str = "FS", at: str = "06-01 00:00") -> Comparison:
    with closing(Live()) as live:
        live.take(story(text))
        live.wait(moment(at))
        return compare(live.store, setup().reference, feed, moment(at))


def test_nothing_is_said_of_what_a_shadow_feed_tells() -> None:
    play(
        """
        when           event                            then
        02-03 10:00    A01 admit V1 feed=FS
        02-06 11:00    A03 discharge V1 home feed=FS
        02-20 00:30    wait
        """,
        rules="notify contact7 visit7 um",
    )


def test_the_comparison_shows_the_stay_and_the_tasks_that_it_would_have_raised() -> None:
    found = compared("02-03 10:00    A01 admit V1 feed=FS\n02-06 11:00    A03 discharge V1 home feed=FS")
    counts = found.counts()
    assert (found.is_shadow, found.patients, found.matched, found.members) == (True, 1, 1, 1)
    assert counts["stay_added"] == {"inpatient": 1}
    assert counts["task_raised"]["tcs.cm_contact_7d"] == 1
    assert set(counts) == {"stay_added", "task_raised"}


def test_a_patient_on_nobody_s_roster_is_not_matched() -> None:
    found = compared("02-03 10:00    A01 admit V1 feed=FS mrn=STRANGER no-cin")
    assert (found.patients, found.matched, found.changes) == (1, 0, [])


def test_a_feed_that_tells_what_another_told_says_by_how_much_it_is_first() -> None:
    found = compared("""
        02-03 10:00    A01 admit V1 feed=FS
        02-03 10:20    A01 admit V1 feed=F1 at=02-03T10:00
        02-06 11:00    A03 discharge V1 home feed=F1
        02-06 11:30    A03 discharge V1 home feed=FS at=02-06T11:00
    """)
    assert (found.shared_stays, found.median_lead_s) == (1, 20 * 60)
    assert "stay_added" not in found.counts()


def test_a_live_feed_is_compared_with_its_absence() -> None:
    found = compared("02-03 10:00    A01 admit V1 feed=F1\n02-06 11:00    A03 discharge V1 home feed=F1", "F1")
    assert not found.is_shadow
    assert found.counts()["task_raised"]["tcs.ambulatory_visit_7d"] == 1


def test_a_discharge_told_in_shadow_alone_would_change_the_stay() -> None:
    found = compared("02-03 10:00    A01 admit V1\n02-06 11:00    A03 discharge V1 home feed=FS at=02-06T11:00")
    (change,) = [each for each in found.changes if each.what == "stay_changed"]
    assert (change.without.status, change.with_.status) == ("active", "finished")
    assert shown(change.with_.discharged_at) == "02-06 11:00"


@given(histories(), INSTANTS)
@law
def test_members_are_judged_as_if_a_shadow_feed_had_never_spoken(journal: list[Line], at: datetime) -> None:
    shaded = [{**line, "feed": "FS"} if line["feed"] == "F2" and line["kind"] == "hl7v2" else line for line in journal]
    silent = [line for line in shaded if line["feed"] != "FS"]
    assert Told(shaded).json(at) == Told(silent).json(at)


@given(histories(6))
@law
def test_going_live_says_what_the_comparison_promised(journal: list[Line]) -> None:
    shaded = [{**line, "feed": "FS"} if line["feed"] == "F2" and line["kind"] == "hl7v2" else line for line in journal]
    trusting = msgspec.structs.replace(setup().reference, feeds={})
    with closing(Live()) as live:
        live.take(shaded)
        at = live.now + timedelta(days=3)
        live.wait(at)
        changed = {change.member_id for change in compare(live.store, setup().reference, "FS", at).changes}
    before, after = Told(shaded).views(at), Told(shaded, trusting).views(at)
    for member_id, view in after.items():
        if member_id not in changed:
            shown = [(t.rule, t.kind, t.state, t.due_at) for t in before[member_id].tasks]
            assert sorted(shown, key=str) == sorted([(t.rule, t.kind, t.state, t.due_at) for t in view.tasks], key=str)


def test_a_feed_of_any_name_can_be_a_shadow() -> None:
    for name in ("east|west", "50%", "a%7Cb"):
        assert Patient(key_of(name, "H1", "X|1"), {}, set(), set()).feed == name
