"""`alerts`: what subscribers read, from where they stopped, and only what is theirs."""

import json
import subprocess

from tests.end_to_end.running import PATIENCE_S, House, adt, codes, environment, roster


def test_a_reader_goes_on_where_it_stopped_and_hears_only_what_it_asked_for(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1", "M2")))
    house.ok("load", house.write("a.hl7", adt("A01", "C1") + adt("A01", "C2", "M2")))
    told = house.lines("alerts")
    assert [line["position"] for line in told] == list(range(1, len(told) + 1))
    assert house.lines("alerts", "--after", "3") == told[3:]
    rule = "tcs.notify_lead_cm"
    assert house.lines("alerts", "--rule", rule) == [line for line in told if line["rule"] == rule]
    assert house.lines("alerts", "--mcp", "NOBODY") == []
    assert house.lines("alerts", "--alert", "opened,overdue") == [line for line in told if line["alert"] == "opened"]


def test_following_hears_what_comes(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve() as served:
        follow = subprocess.Popen(
            house.command("alerts", "--follow"), cwd=house.folder, env=environment(), stdout=subprocess.PIPE
        )
        assert follow.stdout is not None
        assert codes(served.port, adt("A01", "C1")) == ["AA"]
        first = next(line for line in map(json.loads, follow.stdout) if line["effect"] == "task_opened")
        follow.terminate()
        follow.wait(timeout=PATIENCE_S)
        follow.stdout.close()
    assert (first["member_id"], first["alert"]) == ("M1", "opened")


def test_who_loses_a_task_to_another_provider_hears_it(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    house.ok("load", house.write("a.hl7", adt("A01", "C1")))
    (before,) = {line["owner"]["ecm_provider_id"] for line in house.lines("alerts") if line["alert"] == "opened"}
    seen = house.lines("alerts")[-1]["position"]
    house.ok("load", house.write("again.csv", roster("M1").replace(f",{before},", ",P9,")))
    moved = house.lines("alerts", "--after", str(seen), "--provider", before)
    assert {line["effect"] for line in moved} == {"task_changed", "contribution_changed"}
    tasks = [line for line in moved if line["effect"] == "task_changed"]
    assert {line["owner"]["ecm_provider_id"] for line in tasks} == {"P9"}
    assert {line["previous_owner"]["ecm_provider_id"] for line in tasks} == {before}


def test_an_alert_that_does_not_exist_is_named(house: House) -> None:
    done = house.run("alerts", "--alert", "late")
    assert done.returncode == 2
    assert b"'late' is no alert" in done.stderr


def test_a_position_beyond_the_end_is_told(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    done = house.run("alerts", "--after", "700")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"the outbox ends before position 700" in done.stderr
    assert house.run("alerts", "--after", str(10**30)).returncode == 2


def test_a_follower_ends_when_the_store_is_replaced(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    house.ok("load", house.write("a.hl7", adt("A01", "C1")))
    follow = subprocess.Popen(
        house.command("alerts", "--follow"), cwd=house.folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert follow.stdout is not None
    follow.stdout.readline()
    house.store.rename(house.folder / "before")
    house.ok("load", house.folder / "roster.csv")
    _, said = follow.communicate(timeout=PATIENCE_S)
    assert follow.returncode == 3
    assert b"moved or replaced" in said
