"""The disk is full: nothing is acknowledged that is not kept, and the sender's queue brings the rest later."""

import resource
import subprocess
from functools import partial
from pathlib import Path

from tests.end_to_end.running import House, adt, codes, roster, until

ROOM = 400_000
"""How far any file may grow, in bytes: the write-ahead log meets this limit first."""


def test_a_full_disk_closes_connections_and_loses_nothing_that_was_acknowledged(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    padding = b"NTE|1||" + b"x" * 20_000 + b"\r"
    messages = [adt("A08" if number else "A01", f"D-{number}") + padding for number in range(60)]
    acknowledged = []
    full = {"preexec_fn": partial(resource.setrlimit, resource.RLIMIT_FSIZE, (ROOM, ROOM))}
    with house.serve(**full) as served:
        assert served.health()[0] == 200
        for message in messages:
            # A checkpoint may make room in the write-ahead log once more; the file itself is full for good.
            while (code := codes(served.port, message)[0]) == "closed" and served.health()[0] == 200:
                pass
            if code == "closed":
                break
            assert code == "AA"
            acknowledged.append(message)
        assert 0 < len(acknowledged) < len(messages)
        status, detail = served.health()
        assert (status, detail["accepting"]) == (503, False)
        assert detail["problem"]
        assert codes(served.port, message) == ["closed"]
        served.kill()
    with house.serve() as served:
        assert served.health()[0] == 200
        assert codes(served.port, *messages) == ["AA"] * len(messages)
        served.caught_up()
        until(lambda: served.health()[1]["problem"] is None)
    journal = [line["body"].encode() for line in house.lines("export") if line["kind"] == "hl7v2"]
    assert sorted(journal) == sorted(messages)
    assert set(acknowledged) <= set(journal)
    house.ok("verify")


def test_a_command_whose_output_has_no_room_says_so(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(house.command("export"), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3
    assert done.stderr == b"warmhandoff: No space left on device.\n"
