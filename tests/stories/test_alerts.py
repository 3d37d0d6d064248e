"""What time says of a task: reminders, overdue, escalation, and what a correction takes back (contract, "Outbox")."""

from functools import partial

from tests.timeline import play

hear = partial(play, rules="contact7", alerts=True)


def test_time_reminds_then_says_overdue_then_escalates() -> None:
    hear("""
        when           event                      then
        02-03 10:00    A01 admit V1
        02-06 11:00    A03 discharge V1 home      + contact7 due 02-13 23:59
        02-12 23:00    wait
        02-13 00:30    wait                       ! contact7 due_soon
        02-14 00:30    wait                       ! contact7 overdue
        02-15 00:30    wait                       ! contact7 escalated
        02-20 00:30    wait
    """)


def test_a_task_that_is_met_is_not_spoken_of_again() -> None:
    hear("""
        when           event                      then
        02-03 10:00    A01 admit V1
        02-06 11:00    A03 discharge V1 home      + contact7 due 02-13 23:59
        02-07 10:00    contact reached            = contact7 met
        02-20 00:30    wait
    """)


def test_late_news_of_a_deed_in_time_takes_the_alert_back() -> None:
    hear("""
        when           event                                then
        02-03 10:00    A01 admit V1
        02-06 11:00    A03 discharge V1 home                + contact7 due 02-13 23:59
        02-13 00:30    wait                                 ! contact7 due_soon
        02-14 00:30    wait                                 ! contact7 overdue
        02-14 09:00    contact reached at=02-12T10:00       / contact7 overdue; = contact7 met
    """)


def test_a_deed_after_the_due_time_takes_nothing_back() -> None:
    hear("""
        when           event                      then
        02-03 10:00    A01 admit V1
        02-06 11:00    A03 discharge V1 home      + contact7 due 02-13 23:59
        02-14 00:30    wait                       ! contact7 overdue
        02-14 09:00    contact reached            = contact7 met_late
    """)


def test_a_discharge_that_moved_takes_the_alert_back_and_time_asks_again() -> None:
    hear("""
        when           event                                    then
        02-03 10:00    A01 admit V1
        02-06 11:00    A03 discharge V1 home                    + contact7 due 02-13 23:59
        02-14 00:30    wait                                     ! contact7 overdue
        02-14 09:00    A08 update V1 dis=02-08T11:00            / contact7 overdue
        02-15 00:30    wait                                     ! contact7 due_soon
        02-16 00:30    wait                                     ! contact7 overdue
    """)


def test_a_cancelled_discharge_withdraws_an_overdue_task_and_its_return_is_an_opening() -> None:
    hear("""
        when           event                                    then
        02-03 10:00    A01 admit V1
        02-06 11:00    A03 discharge V1 home                    + contact7 due 02-13 23:59
        02-14 00:30    wait                                     ! contact7 overdue
        02-14 09:00    A13 cancel V1                            - contact7
        02-14 10:00    A03 discharge V1 home                    + contact7 due 02-21 23:59
    """)


def test_a_task_raised_after_its_due_time_opens_overdue_and_then_escalates() -> None:
    hear("""
        when           event                                         then
        02-03 10:00    A01 admit V1
        02-14 09:00    A03 discharge V1 home at=02-06T11:00          + contact7 overdue due 02-13 23:59
        02-15 00:30    wait                                          ! contact7 escalated
    """)
