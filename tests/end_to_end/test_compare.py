"""`feed compare`: what a shadow feed would change, told to people and to programs."""

from tests.end_to_end.running import House, adt, roster

CONFIG = "feeds: {shade: {shadow: true}, light: {}}\n"


def filled(house: House) -> None:
    house.config(CONFIG)
    house.ok("load", house.write("roster.csv", roster("M1", "M2")))
    house.ok("load", "--feed", "shade", house.write("a.hl7", (adt("A01", "C1") + adt("A03", "C2")).decode()))
    house.ok("load", "--feed", "light", house.write("b.hl7", adt("A01", "C3", "M2").decode()))


def test_a_shadow_feed_raises_nothing_and_shows_what_it_would(house: House) -> None:
    filled(house)
    assert {task["member_id"] for task in house.json("tasks")["tasks"]} == {"M2"}
    found = house.json("feed", "compare", "shade")
    assert (found["shadow"], found["patients"], found["matched"], found["members_changed"]) == (True, 1, 1, 1)
    assert found["counts"]["task_raised"]["tcs.cm_contact_7d"] == 1
    assert {change["member_id"] for change in found["changes"]} == {"M1"}
    text = house.ok("feed", "compare", "shade")
    assert "is a shadow" in text
    assert "task raised" in text


def test_nobody_of_a_shadow_feed_is_parked_who_is_a_member(house: House) -> None:
    filled(house)
    assert "shade" not in house.ok("identity", "review", "--parked")


def test_going_live_says_what_was_promised(house: House) -> None:
    filled(house)
    promised = house.json("feed", "compare", "shade")["counts"]["task_raised"]
    house.config(CONFIG.replace("true", "false"))
    house.ok("load", house.write("again.csv", roster("M1", "M2")))
    heard = [line for line in house.lines("alerts") if line["member_id"] == "M1"]
    raised = [line["rule"] for line in heard if line["effect"] != "contribution_changed"]
    assert sorted(raised) == sorted(rule for rule, number in promised.items() for _ in range(number))
    house.ok("verify")


def test_an_unknown_feed_is_named(house: House) -> None:
    filled(house)
    done = house.run("feed", "compare", "shadee")
    assert done.returncode == 2
    assert b"not declared" in done.stderr
    assert b"light, " in done.stderr
