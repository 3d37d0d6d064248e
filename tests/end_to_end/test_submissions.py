"""A submission by the command line: shown, refused without a contact, sent, and the same again from the journal."""

from tests.end_to_end.running import House, roster, until

PAGE = """\
submission: mine.1
version: "1"
source: {document: D, section: S, read_on: 2025-01-10}
program: Mine
round: "1"
period: {from: 2024-01-01, to: 2024-06-30}
due: 2024-09-03
fields:
  - {field: partners, label: Partners, value: "7", threshold: "5"}
  - {field: shared, threshold: "0.5"}
"""
PERSON = ("--name", "Ana Rivera", "--email", "ana@plan.example")


def told(house: House, *words: str) -> tuple[int, str]:
    done = house.run("submissions", *words)
    return done.returncode, done.stderr.decode()


def test_without_a_contact_nothing_is_sent(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    code, said = told(house, "freeze", "ipp.5")
    assert code == 2
    assert "submissions contact ipp.5" in said
    assert house.json("submissions", "show", "ipp.5")["state"] == "draft"
    assert len(house.lines("export")) == 1


def test_what_was_sent_is_in_the_journal_and_nowhere_else(house: House) -> None:
    house.config("submissions: [rounds/]\n")
    house.write("rounds/mine.1.yaml", PAGE)
    house.ok("load", house.write("roster.csv", roster("M1")))
    house.ok("submissions", "contact", "mine.1", *PERSON)
    sent = house.json("submissions", "freeze", "mine.1", "--by", "ana")
    assert (sent["state"], sent["frozen_by"]) == ("submitted", "ana")
    assert [(each["value"], each["feedback"]) for each in sent["fields"]] == [(7.0, "meets"), (None, "missing")]
    assert told(house, "freeze", "mine.1")[0] == 2

    # The page says another number now: what was sent stays.
    house.write("rounds/mine.1.yaml", PAGE.replace('value: "7"', 'value: "3"'))
    (partners, _) = house.json("submissions", "show", "mine.1")["fields"]
    assert (partners["value"], partners["today"], partners["feedback"]) == (7.0, 3.0, "meets")
    assert house.json("verify")["differences"] == []
    journal = house.write("journal.ndjson", house.ok("export"))
    again = House(house.folder, "again")
    again.ok("load", journal)
    assert again.json("submissions", "show", "mine.1") == house.json("submissions", "show", "mine.1")
    assert [each["member_id"] for each in again.json("members")["members"]] == ["M1"]

    resent = house.json("submissions", "freeze", "mine.1", "--again")
    assert resent["fields"][0]["value"] == 3.0
    assert "3 below" not in house.ok("submissions", "list")
    assert "submitted" in house.ok("submissions", "list")


def test_a_decision_reaches_a_running_service(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve():
        done = house.run("submissions", "contact", "ipp.5", *PERSON)
        assert (done.returncode, b"handed to the running service" in done.stderr) == (0, True)
        until(lambda: house.json("submissions", "show", "ipp.5")["contact"] is not None)
    assert house.json("submissions", "show", "ipp.5")["contact"]["name"] == "Ana Rivera"


def test_wrong_input_is_told_and_changes_nothing(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    assert "Did you mean ipp.5" in told(house, "show", "ipp5")[1]
    assert told(house, "contact", "ipp.5", "--name", "Ana", "--email", "ana")[0] == 2
    house.config("submissions: [rounds/]\n")
    house.write("rounds/mine.1.yaml", PAGE.replace("due:", "dew:"))
    for words in (("submissions", "list"), ("members",), ("submissions", "check")):
        done = house.run(*words)
        assert done.returncode == 2
        assert b"rounds/mine.1.yaml:7: dew" in done.stderr
        assert b"Did you mean 'due'?" in done.stderr
    house.write("rounds/mine.1.yaml", PAGE)
    assert house.ok("submissions", "check") == "4 submissions, 23 fields: all hold.\n"


def test_a_report_of_no_measure_is_refused_and_a_member_without_gaps_has_a_report(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    assert house.run("measures", "report", "--type", "summary", "--measure", "nothing").returncode == 2
    assert house.run("measures", "report", "--type", "summary").returncode == 2
    assert house.run("measures", "report", "--type", "poster").returncode == 2
    assert house.run("measures", "report", "--type", "gaps", "--period", "25").returncode == 2
    (bundle,) = house.lines("measures", "report", "--type", "gaps", "--member", "M1", "--period", "2020")
    assert bundle["entry"][0]["resource"]["section"][0]["title"] == "No open gaps"
    house.ok("measures", "report", "--type", "gaps", "--format", "csv", "--out", "reports", "--period", "2020")
    (found,) = (house.folder / "reports").iterdir()
    assert found.name == "all-2020-gaps.csv"
