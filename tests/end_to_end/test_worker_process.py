"""The pipeline has a process of its own: it may end, and its parent may, and nothing is lost or done twice."""

import os
import signal

from tests.end_to_end.running import House, Served, adt, codes, outbox_agrees, roster, until
from tests.servers.process import is_alive


def child_of(served: Served, *, other_than: int = 0) -> int:
    """The pipeline's process."""
    found: list[int] = []

    def is_there() -> bool:
        found[:] = [child for child in served.children() if child != other_than]
        return len(found) == 1

    until(is_there)
    return found[0]


def test_a_pipeline_that_is_killed_is_started_again_and_goes_on_where_it_was(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1", "M2")))
    with house.serve() as served:
        assert codes(served.port, adt("A01", "P-1")) == ["AA"]
        served.caught_up()
        first = child_of(served)
        os.kill(first, signal.SIGKILL)
        assert codes(served.port, adt("A01", "P-2", "M2")) == ["AA"], "answers wait for the disk alone"
        served.caught_up()
        assert child_of(served, other_than=first)
        until(lambda: served.health()[0] == 200)
    outbox_agrees(house)
    house.ok("verify")


def test_a_pipeline_that_hangs_holds_no_sender_up(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve() as served:
        assert codes(served.port, adt("A01", "H")) == ["AA"]
        served.caught_up()  # it is up, and in the midst of nothing
        os.kill(child_of(served), signal.SIGSTOP)
        assert codes(served.port, *(adt("A08", f"H-{number}") for number in range(20))) == ["AA"] * 20
        assert served.health()[1]["lines_waiting"] == 20
        os.kill(child_of(served), signal.SIGCONT)
        served.caught_up()


def test_the_child_ends_with_a_parent_that_is_killed_and_the_store_is_free_at_once(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve() as served:
        child = child_of(served)
        served.kill()
        house.ok("load", house.write("more.hl7", adt("A01", "Q-1")))
        until(lambda: not is_alive(child))
    house.ok("verify")


def test_a_changed_configuration_is_told_and_not_mixed(house: House) -> None:
    house.config("time_zone: America/Los_Angeles\n")
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve() as served:
        served.caught_up()
        house.config("time_zone: America/Denver\n")
        os.kill(child_of(served), signal.SIGKILL)
        until(lambda: "configuration changed" in (served.health()[1]["problem"] or ""))
        assert served.health()[0] == 503
