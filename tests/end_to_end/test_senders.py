"""What senders of any make meet: answers, resends, bad messages, refusals, modes, TLS."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.mllp.acks import codes_of, read_ack
from tests.end_to_end.running import MALFORMED, PATIENCE_S, House, Wire, adt, codes, roster

MLLP_SEND = Path(sys.executable).with_name("mllp_send")


def test_a_foreign_client_is_answered_and_its_answers_are_in_the_ledger(house: House) -> None:
    messages = [adt("A01", "F-1"), adt("A03", "F-2")]
    file = house.write("two.hl7", b"".join(b"\x0b" + message + b"\x1c\r" for message in messages))
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve() as served:
        command = [MLLP_SEND, "--port", str(served.port), "--file", file, "--loose", "127.0.0.1"]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=True)
        assert done.stdout.count(b"MSA|AA|F-") == 2
        served.caught_up()
    task = next(task for task in house.json("tasks")["tasks"] if task["rule"] == "tcs.cm_contact_7d")
    asked = [message for fact in house.json("explain", task["task_id"])["facts"] for message in fact["messages"]]
    answers = {message["control_id"]: message["ack"]["code"] for message in asked if message["feed"] == "mllp"}
    assert answers == {"F-2": "AA"}


def test_the_same_bytes_get_the_same_answer_again_even_after_a_restart(house: House) -> None:
    message = adt("A01", "R-1")
    with house.serve() as served, Wire(served.port) as wire:
        first = wire.ask(message)
        assert wire.ask(message) == first
    with house.serve() as served, Wire(served.port) as wire:
        assert wire.ask(message) == first
        assert wire.ask(message.replace(b"GIVEN", b"OTHER").replace(b"ANA", b"EVA")) != first
    assert len(house.lines("export")) == 2


def test_a_message_that_cannot_be_read_is_kept_answered_and_decided_by_people(house: House) -> None:
    with house.serve() as served:
        assert codes(served.port, MALFORMED, MALFORMED.replace(b"BAD-1", b"BAD-2")) == ["AA", "AA"]
        served.caught_up()
    (first, second) = house.json("quarantine", "list")["quarantine"]
    assert (first["id"], first["feed"], first["reason"], first["status"]) == (
        "q-1",
        "mllp",
        "unknown_trigger",
        "waiting",
    )
    assert all(first[word] for word in ("where", "shape", "fix"))
    assert house.ok("quarantine", "show", "q-1", "--raw").encode() == MALFORMED
    still = house.run("quarantine", "replay", "q-1")
    assert still.returncode == 1
    assert b"still cannot be read" in still.stderr
    house.ok("quarantine", "dismiss", "q-2", "--reason", "test traffic")
    statuses = [row["status"] for row in house.json("quarantine", "list", "--status", "all")["quarantine"]]
    assert statuses == ["waiting", "dismissed"]
    assert second["id"] == "q-2"
    house.ok("verify")


FEED = "feeds: {west: {listen: '127.0.0.1:0', %s}}\n"


def test_a_sender_that_is_not_allowed_is_refused_and_changes_nobody_until_it_is(house: House) -> None:
    house.config(FEED % "allow: [{app: EPIC}]")
    house.ok("load", house.write("roster.csv", roster("M1")))
    message = adt("A03", "D-1")
    with house.serve(mllp=None) as served:
        with Wire(served.ports["west"]) as wire:
            answer = wire.ask(message)
            assert answer is not None
            assert read_ack(answer) == ("AR", b"D-1")
        served.caught_up()
    assert [row["reason"] for row in house.json("quarantine", "list")["quarantine"]] == ["sender_not_allowed"]
    assert house.json("members")["members"][0]["stays"] == []
    house.config(FEED % "allow: [{app: EPIC}, {app: ADT, facility: H1}]")
    house.ok("quarantine", "replay", "q-1")
    assert house.json("tasks")["tasks"]
    house.ok("verify")
    with house.serve(mllp=None) as served:
        assert codes(served.ports["west"], message) == ["AA"]
        served.caught_up()
    assert len([line for line in house.lines("export") if line["kind"] == "hl7v2"]) == 1


def test_a_mended_profile_and_a_replay_raise_the_tasks(house: House) -> None:
    """The sender writes words where discharge times belong, and the time into a segment of its own."""
    house.config(FEED % "profile: default")
    house.ok("load", house.write("roster.csv", roster("M1")))
    usual = adt("A03", "P-1").decode()
    at = usual.rstrip("\r").rpartition("|")[2]
    with house.serve(mllp=None) as served:
        odd = usual.rstrip("\r").removesuffix(at) + f"SEE ZPV\rZPV|1||{at}\r"
        assert codes(served.ports["west"], odd.encode()) == ["AA"]
        served.caught_up()
    assert [row["where"] for row in house.json("quarantine", "list")["quarantine"]] == ["PV1-45"]
    assert house.json("tasks")["tasks"] == []
    house.config(FEED % "profile: west" + "---\nprofile: west\ndischarged: ZPV-3\n")
    house.ok("quarantine", "replay", "q-1")
    assert "tcs.cm_contact_7d" in {task["rule"] for task in house.json("tasks")["tasks"]}
    house.ok("verify")


def test_a_feed_may_ask_for_error_answers(house: House) -> None:
    house.config(FEED % "on_unparsable: AE, on_disallowed: quarantine, allow: [{app: ADT}]")
    stranger = adt("A01", "E-2").replace(b"|ADT|", b"|LAB|")
    with house.serve(mllp=None) as served:
        assert codes(served.ports["west"], MALFORMED, adt("A01", "E-1"), stranger) == ["AE", "AA", "AA"]
        served.caught_up()
    reasons = [row["reason"] for row in house.json("quarantine", "list")["quarantine"]]
    assert reasons == ["unknown_trigger", "sender_not_allowed"]


def test_test_traffic_is_kept_and_changes_nothing(house: House) -> None:
    house.config(FEED % "profile: default")
    house.ok("load", house.write("roster.csv", roster("M1")))
    with house.serve() as served:
        for feed in ("mllp", "west"):
            tests = [adt("A03", f"{letter}-1", processing=letter) for letter in "TD"]
            assert codes(served.ports[feed], *tests) == ["AA", "AA"]
        served.caught_up()
    assert house.json("quarantine", "list")["quarantine"] == []
    assert house.json("members")["members"][0]["stays"] == []
    assert len(house.lines("export")) == 5
    house.ok("verify")


def test_enhanced_mode_is_answered_as_asked(house: House) -> None:
    with house.serve() as served, Wire(served.port) as wire:
        assert wire.code(adt("A01", "N-1", extra="|||AL|NE")) == "CA"
        both = wire.ask(adt("A01", "N-2", extra="|||AL|AL"))
        assert both is not None
        assert codes_of(both) == ("CA",)
        then = wire.answer()
        assert then is not None
        assert codes_of(then) == ("AA",)
        wire.tell(adt("A01", "N-3", extra="|||NE|NE"))
        assert wire.code(adt("A01", "N-4")) == "AA"
    assert len(house.lines("export")) == 4


def test_what_happened_yesterday_is_told_today(house: House) -> None:
    """A sender that was down for a day sends its queue: times are the clinic's, receipt is ours."""
    house.ok("load", house.write("roster.csv", roster("M1")))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with house.serve() as served:
        assert codes(served.port, adt("A01", "Q-1", at=yesterday), adt("A03", "Q-2", at=yesterday)) == ["AA", "AA"]
        served.caught_up()
    (stay,) = house.json("members")["members"][0]["stays"]
    assert stay["status"] == "finished"
    assert datetime.fromisoformat(stay["discharged_at"]) == yesterday.replace(microsecond=0)


@pytest.fixture
def certificates(house: House) -> House:
    """A CA, and what it signed for a receiver and a sender."""
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-batch"]
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"]
    for name, more in (("ca", []), ("us", signed), ("hie", signed)):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"]
        command = ["openssl", "req", "-x509", *made, *files, *more]
        subprocess.run(command, cwd=house.folder, check=True, capture_output=True)
    return house


def test_tls_asks_for_a_certificate_where_the_configuration_says_so(certificates: House) -> None:
    house = certificates
    house.config(FEED % "tls: {cert: us.pem, key: us.key, client_ca: ca.pem}")
    file = house.write("one.hl7", adt("A01", "S-1"))
    with house.serve(mllp=None) as served:
        send = ["send", file, "--port", str(served.ports["west"])]
        assert "S-1  AA" in house.ok(*send, "--ca", "ca.pem", "--cert", "hie.pem", "--key", "hie.key")
        for refused in ([], ["--ca", "ca.pem"]):
            done = house.run(*send, *refused, "--timeout", "30")
            assert done.returncode == 3, done
            assert b"Traceback" not in done.stderr
        assert served.health()[0] == 200
    assert len(house.lines("export")) == 1
