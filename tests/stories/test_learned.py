"""What the synthetic HIE taught: small differences between its truth and ours, each told again as a story."""

from contextlib import closing

from tests.scribe import Scribe
from tests.timeline import Live, moment, told


def test_an_observation_that_becomes_an_admission_after_a_day_is_one_stay() -> None:
    found = told("""
        03-11 00:01    A04 register V1 class=OBS adm=03-11T00:01
        03-12 04:32    A01 admit V1 class=I adm=03-12T04:32
        03-14 10:00    A03 discharge V1 home
    """)
    assert found.stays("03-15 00:00") == ["inpatient H1 finished 03-12 04:32 > 03-14 10:00"]


def test_a_number_whose_discharge_was_lost_is_used_again_weeks_later() -> None:
    found = told("""
        03-11 00:01    A04 register V1 class=E adm=03-11T00:01
        04-20 04:32    A01 admit V1 class=I adm=04-20T04:32
        04-22 10:00    A03 discharge V1 home
    """)
    assert len(found.stays("04-23 00:00")) == 2


def test_a_notice_stays_due_when_a_cancelled_discharge_was_the_first_to_tell_of_the_stay() -> None:
    found = told("""
        02-09 01:34    A13 cancel V1 at=02-08T20:00
        02-09 01:51    A01 admit V1 at=02-08T10:00
    """)
    assert found.tasks("02-09 01:40", "notify") == ["notify open 02-10 01:34"]
    assert found.tasks("02-09 02:00", "notify") == ["notify open 02-10 01:34"]


def test_a_lead_who_comes_after_a_cancelled_admission_is_told_to_nobody() -> None:
    found = told("""
        02-01 08:00    roster M1 lead_cm_id= assigned_on=
        02-13 10:00    A01 admit V1
        02-14 10:00    A11 cancel V1
        02-20 10:00    roster M1 lead_cm_id=L9 assigned_on=2025-02-20
    """)
    assert found.tasks("02-21 00:00", "share") == []


def test_a_day_without_a_time_is_a_day_of_ours_wherever_it_was_written() -> None:
    found = told("""
        03-01 08:00    facility P9 acute zone=America/Denver
        03-05 10:00    A01 admit V1 P9 pv44=20250305
        03-07 10:00    A03 discharge V1 P9 home pv44=20250305 pv45=20250307
    """)
    assert found.stays("03-08 00:00") == ["inpatient P9 finished 03-05 00:00 > 03-07 23:59"]


def test_what_was_received_before_may_come_in_after() -> None:
    """A journal of another machine keeps its receipts, and is read after what was received live."""
    scribe = Scribe()
    facilities, roster = scribe.opening()
    admission = scribe.write("03-10 12:00", "A01 admit V1")
    with closing(Live()) as live:
        live.take([facilities, admission])
        live.wait(moment("03-10 12:05"))
        live.take([roster])
        live.wait(moment("03-10 12:06"))
        assert len(live.json(moment("03-11 00:00"))["M1"]["stays"]) == 1
        assert [effect.rule for effect in live.effects()], "and its tasks are told"


def test_a_reversal_told_by_one_source_holds_for_what_the_other_told() -> None:
    found = told("""
        02-20 10:00    A01 admit V1 feed=F1 adm=02-20T10:00
        02-20 10:30    A01 admit W1 H1 feed=F2 adm=02-20T10:00
        02-21 09:00    A07 to-outpatient V1 feed=F1 class=OBS
        02-22 12:00    A03 discharge V1 home feed=F1 class=OBS
    """)
    assert found.stays("02-23 00:00") == ["observation H1 finished 02-20 10:00 > 02-22 12:00"]
