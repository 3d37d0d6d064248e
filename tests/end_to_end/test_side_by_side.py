"""One service writes; other commands run beside it, or are told why they cannot."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.end_to_end.running import MALFORMED, House, Served, Wire, adt, codes, roster, until

CAST = [f"M{number}" for number in range(1, 9)]


@contextmanager
def under_load(served: Served) -> Iterator[list[bytes]]:
    """Somebody sends all the time; what was acknowledged is listed."""
    acknowledged: list[bytes] = []
    over = threading.Event()

    def send() -> None:
        with Wire(served.port) as wire:
            number = 0
            while not over.is_set():
                number += 1
                message = adt("A08" if number % 9 else "A03", f"L{number}", CAST[number % 8], visit=f"V{number // 60}")
                assert wire.code(message) == "AA"
                acknowledged.append(message)
                over.wait(0.005)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        until(lambda: len(acknowledged) > 20)
        yield acknowledged
    finally:
        over.set()
        sender.join()


def test_reading_commands_work_beside_a_busy_service_and_a_second_writer_is_sent_away(house: House) -> None:
    roster_file = house.write("roster.csv", roster(*CAST))
    house.ok("load", roster_file)
    with house.serve() as served:
        assert codes(served.port, adt("A03", "B-1"), MALFORMED) == ["AA", "AA"]
        served.caught_up()
        with under_load(served):
            refused = house.run("load", roster_file)
            assert refused.returncode == 3
            assert str(served.process.pid) in refused.stderr.decode()
            assert b"drop folder" in refused.stderr
            assert house.json("verify")["differences"] == []
            (task, *_) = house.json("tasks")["tasks"]
            assert house.json("explain", task["task_id"])["rule"]
            assert len(house.json("members", "--member", "M1")["members"]) == 1
            assert house.json("quarantine", "list")["quarantine"]
            assert house.lines("alerts")
            assert house.lines("export", "--since", "1")[0]["seq"] == 2


def test_a_backup_under_load_opens_and_agrees_with_itself(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster(*CAST)))
    with house.serve() as served, under_load(served) as acknowledged:
        before = list(acknowledged)
        house.ok("backup", house.folder / "copy.db")
        again = house.run("backup", house.folder / "copy.db")
        assert again.returncode == 2
    restored = House(house.folder, "restored")
    restored.store.mkdir()
    (house.folder / "copy.db").rename(restored.store / "warmhandoff.db")
    assert restored.json("verify")["differences"] == []
    told = {line["body"].encode() for line in restored.lines("export") if line["kind"] == "hl7v2"}
    assert told >= set(before)


def test_an_exported_journal_makes_the_same_members_elsewhere(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1", "M2")))
    with house.serve() as served:
        told = [adt("A01", "X-1"), adt("A03", "X-2"), adt("A01", "X-3", "M2"), MALFORMED, adt("A03", "X-4\xe9", "M2")]
        assert codes(served.port, *told) == ["AA"] * 5
        served.caught_up()
    journal = house.ok("export")
    elsewhere = House(house.folder, "elsewhere")
    counted = elsewhere.run("load", "-", "--json", stdin=journal.encode())
    assert counted.returncode == 0, counted.stderr
    now = ["--as-of", "2100-01-01T00:00:00Z"]
    assert elsewhere.json("members", *now) == house.json("members", *now)
    assert elsewhere.ok("export") == journal
    assert house.ok("export", "--since", "3") == "".join(journal.splitlines(keepends=True)[3:])


def test_decisions_take_effect_at_once_or_through_the_running_service(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1", "M2")))
    stranger = adt("A03", "I-1", "M3", visit="V3")
    with house.serve() as served:
        assert codes(served.port, adt("A03", "I-2"), stranger, MALFORMED) == ["AA"] * 3
        served.caught_up()
        (parked,) = house.json("identity", "review", "--parked")["items"]
        task = next(t for t in house.json("tasks")["tasks"] if t["rule"] == "tcs.cm_contact_7d")["task_id"]
        done = house.run("identity", "link", parked["source_patient"], "M2", "--by", "nurse")
        assert done.returncode == 0
        assert b"handed to the running service" in done.stderr
        house.ok("task", "note", task, "--action", "done")
        house.ok("quarantine", "dismiss", "q-1")
        until(lambda: house.json("quarantine", "list", "--status", "dismissed")["quarantine"] != [])
        served.caught_up()
        assert house.json("members", "--member", "M2")["members"][0]["stays"]
        assert house.json("identity", "review", "--parked")["items"] == []
        assert house.json("tasks", "--state", "met", "--rule", "tcs.cm_contact_7d")["tasks"][0]["task_id"] == task
    done = house.run("identity", "unlink", parked["source_patient"], "M2")
    assert b"handed" not in done.stderr
    assert house.json("members", "--member", "M2")["members"][0]["stays"] == []
    house.ok("verify")


def test_a_decision_that_a_killed_service_never_saw_is_taken_by_the_next_writer(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    house.ok("load", house.write("one.hl7", adt("A03", "K-1")))
    task = house.json("tasks", "--rule", "tcs.cm_contact_7d")["tasks"][0]["task_id"]
    served = house.serve()
    served.process.send_signal(19)  # SIGSTOP: it holds the store and looks at nothing
    house.ok("task", "note", task, "--action", "done")
    served.kill()
    house.ok("load", house.write("empty.csv", ""))
    assert [t["task_id"] for t in house.json("tasks", "--state", "met")["tasks"]] == [task]


def test_a_taken_port_is_named(house: House) -> None:
    with house.serve() as served:
        other = House(house.folder, "other")
        for feed, words in {
            "mllp": ["--mllp", f"127.0.0.1:{served.port}", "--http", "127.0.0.1:0"],
            "http": ["--mllp", "127.0.0.1:0", "--http", f"127.0.0.1:{served.ports['http']}"],
        }.items():
            done = other.run("serve", *words)
            assert done.returncode == 3
            assert str(served.ports[feed]) in done.stderr.decode()
            assert b"Traceback" not in done.stderr
