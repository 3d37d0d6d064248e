"""Tasks are found by the beginning of their ids; a name that nobody has is told apart from one without tasks."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
import typer

from models.view import Effect
from services.cli.naming import task_named
from services.runtime.store.contract import Batch
from services.status.explaining import explain
from services.status.finding import near, owners, tasks_named
from services.status.questions import Questions
from tests.scribe import Scribe, moment
from tests.worlds import Live, setup


@contextmanager
def world() -> Iterator[Live]:
    live, scribe = Live(), Scribe()
    try:
        live.take(scribe.opening(["M1"]))
        for when, event in (
            ("03-04 10:00", "A01 admit V1"),
            ("03-06 11:30", "A03 discharge V1 home"),
            ("03-07 09:00", "A13 cancel discharge V1"),
        ):
            live.take([scribe.write(when, event)])
        yield live
    finally:
        live.close()


def test_a_task_is_found_by_six_characters_also_when_it_was_withdrawn() -> None:
    with world() as live:
        questions = Questions(live.store, setup().reference)
        effects = [effect for effect in live.effects() if effect.effect != "contribution_changed"]
        assert any(effect.effect == "task_withdrawn" for effect in effects)
        for subject in {effect.subject for effect in effects}:
            for text in (subject, subject[:6], subject[:8].upper()):
                assert [one.task_id for one in tasks_named(live.store, questions, text)] == [subject]
            assert tasks_named(live.store, questions, subject[:5]) == []
        assert tasks_named(live.store, questions, "zzzzzz") == tasks_named(live.store, questions, "") == []


def test_what_a_measure_says_is_no_task() -> None:
    with world() as live:
        one = live.effects()[0]
        subject = "cbp|1|2025||M1"
        live.store.commit(Batch(effects=[msgspec.structs.replace(one, effect="contribution_changed", subject=subject)]))
        questions = Questions(live.store, setup().reference)
        assert tasks_named(live.store, questions, subject) == tasks_named(live.store, questions, "cbp|1|") == []


def test_candidates_are_listed_when_an_id_is_too_short(capsys: pytest.CaptureFixture[str]) -> None:
    with world() as live:
        (first, *_) = live.effects()
        twins = [twin(first, f"abcdef{number}", live) for number in range(2)]
        live.store.commit(Batch(effects=twins))
        with pytest.raises(typer.Exit) as ended:
            task_named(live.store, setup(), "abcdef")
        assert ended.value.exit_code == 2
        said = capsys.readouterr().err
        for number in range(2):
            assert f"\n  abcdef{number}  {first.rule}  M1  {first.state}" in said


def twin(effect: Effect, subject: str, live: Live) -> Effect:
    return msgspec.structs.replace(effect, id=subject, subject=subject)


def test_a_name_that_a_roster_ever_told_is_known() -> None:
    with world() as live:
        plans, providers = owners(live.store)
        assert (plans, providers) == ({"PLANA"}, {"P1"})


def test_near_names_are_suggested() -> None:
    known = ["tcs.cm_contact_7d", "tcm.contact_2bd", "um.open_case"]
    assert near("tcs.cm_contact", known).startswith(" Did you mean tcs.cm_contact_7d")
    assert near("zzz", known) == ""


def test_what_a_sender_wrote_is_shown_with_its_zone() -> None:
    with world() as live:
        rule = "tcs.notify_lead_cm"
        subject = next(effect.subject for effect in live.effects() if effect.rule == rule)
        shown = explain(live.store, setup().reference, subject, moment("03-08 10:00"))
        assert shown
        (statement, *_) = [fact["statement"] for fact in shown["facts"]]
        assert "occurred 2025-03-04 10:00 (America/Los_Angeles)" in statement or "-08:00" in statement
