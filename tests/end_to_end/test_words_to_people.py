"""Slips that are no errors are told in a word: the command ends well, and nobody takes silence for good news."""

import re
import subprocess

import pytest

from tests.end_to_end.running import House, adt, environment, roster

COLUMNS = "member_id,mcp_id,coverage_start,cin,risk_tier\n"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("loaded"))
    house.ok("load", house.write("roster.csv", roster("M1")), house.write("a.hl7", adt("A01", "C1") + adt("A03", "C2")))
    return house


def words(house: House, *command: str, code: int = 0) -> str:
    done = house.run(*command)
    assert done.returncode == code, done.stderr
    return done.stderr.decode()


def test_words_that_no_rule_knows_are_told_by_column_and_line(house: House) -> None:
    house.write("r.csv", f"{COLUMNS}\nM1,PLANA,2024-01-01,90000001A,Hgih\nM2,PLANA,2024-01-01,9000A,High\n")
    house.write("c.csv", "member_id,occurred_at,type,outcome\nM1,2025-03-07,fone call,reached\n")
    said = words(house, "load", "r.csv", "c.csv", "--json")
    assert "warning: r.csv: risk_tier has a word that no rule knows in 1 row: line 3." in said
    assert "warning: r.csv: cin has no value of the usual shape in 1 row: line 4." in said
    assert "warning: c.csv: type has a word that no rule knows in 1 row: line 2." in said
    assert not re.search("hgih|9000A|fone", said, re.IGNORECASE)
    journal = house.ok("export").encode()
    again = House(house.folder, "again")
    done = again.run("load", "-", stdin=journal)
    assert b"risk_tier has a word that no rule knows in 1 row: row 1 of line 1." in done.stderr
    assert "warning" not in words(house, "load", "r.csv")


def test_a_feed_that_nobody_declared_is_told_where_others_are(house: House) -> None:
    message = str(house.write("a.hl7", adt("A01", "C1")).name)
    assert words(house, "load", message, "--feed", "anything") == ""
    house.config("feeds: {hie-west: {}}\n")
    assert "no feed 'hie-wset' is declared. Declared are hie-west" in words(
        house, "load", message, "--feed", "hie-wset"
    )
    assert words(house, "load", message, "--feed", "hie-west") == ""
    assert words(house, "load", message) == ""


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--rule", "tcs.cm_contact", "there is no rule 'tcs.cm_contact'. Did you mean tcs.cm_contact_7d"),
        ("--mcp", "PLAN", "no roster ever named the plan 'PLAN'. Did you mean PLANA?"),
        ("--provider", "nobody", "no roster ever named the ECM provider 'nobody'."),
    ],
)
def test_a_name_that_nobody_has_is_told(loaded: House, option: str, name: str, says: str) -> None:
    assert says in words(loaded, "tasks", option, name)


def test_a_name_without_tasks_is_no_slip(loaded: House) -> None:
    assert words(loaded, "tasks", "--rule", "tcs.cm_contact_7d", "--mcp", "PLANA", "--state", "not_possible") == ""


def test_a_task_goes_by_the_beginning_of_its_id(loaded: House) -> None:
    task = loaded.json("tasks")["tasks"][0]["task_id"]
    assert loaded.json("explain", task[:8])["task"]["task_id"] == task
    loaded.ok("task", "note", task[:6], "--text", "looked at")
    assert "6 characters of an id are enough" in words(loaded, "explain", task[:5], code=2)


def test_a_row_in_quarantine_is_found_in_its_file(house: House) -> None:
    house.write("r.csv", f"{COLUMNS}M1,PLANA,2024-01-01,,high\n\nM2,PLANA,2024-13-01,,high\n")
    assert "quarantine list" in words(house, "load", "r.csv")
    assert "q-1  files line 1 (roster, line 4 of the file), bad_date at coverage_start" in house.ok(
        "quarantine", "list"
    )
    shown = house.json("quarantine", "list")["quarantine"][0]
    assert (shown["table"], shown["file_line"]) == ("roster", 4)
    assert house.ok("quarantine", "show", "q-1", "--raw") == f"{COLUMNS}M2,PLANA,2024-13-01,,high\n"
    house.ok("quarantine", "dismiss", "q-1")
    assert "q-1 was dismissed already" in words(house, "quarantine", "dismiss", "q-1", code=2)
    assert "q-1 was dismissed already" in words(house, "quarantine", "replay", "q-1", code=2)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_told_without_a_store(house: House, option: str) -> None:
    assert re.fullmatch(r"warmhandoff \d+\.\d+\.\d+\n", house.ok(option))
    assert not house.store.exists()


def test_a_key_alone_never_ends_in_clear_text(house: House) -> None:
    house.write("a.hl7", adt("A01", "C1"))
    with house.serve() as served:
        done = house.run("send", "--port", str(served.port), "--key", "us.key", "a.hl7")
        assert done.returncode == 2
        assert b"A key without its certificate" in done.stderr
        done = house.run("send", "--port", str(served.port), "--timeout", "1", "--ca", "ca.pem", "a.hl7")
        assert (done.returncode, b"ca.pem:1: --ca" in done.stderr) == (2, True)
        served.caught_up()
    assert house.ok("export") == ""


def test_a_mistake_in_the_configuration_names_its_line(house: House) -> None:
    house.config("http: nowhere\nrules: [none]\n---\nfeeds:\n  west:\n    listen: 2601\n")
    done = subprocess.run(house.command("serve"), cwd=house.folder, env=environment(), capture_output=True, check=False)
    assert done.returncode == 2
    for place in ("warmhandoff.yaml:1: http", "warmhandoff.yaml:2: rules[0]", "warmhandoff.yaml:6: feeds.west.listen"):
        assert place in done.stderr.decode()


def test_a_file_without_a_message_is_named_and_nothing_is_sent(house: House) -> None:
    house.write("a.hl7", adt("A01", "C1"))
    house.write("r.csv", roster("M1"))
    assert "r.csv: no HL7 v2 message" in words(house, "send", "--port", "1", "a.hl7", "r.csv", code=2)


def test_nothing_to_load_is_told(house: House) -> None:
    house.write("empty/.hidden", "x")
    assert "nothing was loaded" in words(house, "load", "empty")
    assert "a feed needs a name" in words(house, "load", "empty", "--feed", " ", code=2)
    assert "a name of at most 200 bytes" in words(house, "load", "empty", "--feed", "x" * 201, code=2)
