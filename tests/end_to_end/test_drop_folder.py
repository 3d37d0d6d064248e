"""Files that partners put into the drop folder of a running service."""

import json
import time
from itertools import count
from pathlib import Path

from tests.end_to_end.running import House, adt, roster, until


def test_every_kind_is_taken_once_and_junk_is_refused_with_a_reason(house: House) -> None:
    drop = house.folder / "drop"
    batch = b"FHS|^~\\&|H1\rBHS|^~\\&|H1\r" + adt("A01", "B-1") + adt("A03", "B-2") + b"BTS|2\rFTS|1\r"
    line = {
        "received_at": "2025-06-05T10:05:00-07:00",
        "feed": "F1",
        "kind": "hl7v2",
        "body": adt("A01", "J-1").decode(),
    }
    with house.serve("--drop", drop) as served:
        until((drop / "taken").is_dir)
        place(drop, "roster.csv", roster("M1").encode())
        place(drop, "batch.hl7", batch)
        place(drop, "journal.ndjson", json.dumps(line).encode() + b"\n")
        place(drop, "junk.hl7", bytes(range(256)) * 4)
        (drop / "growing.hl7.part").write_bytes(adt("A01", "G-1"))
        until(lambda: {"roster.csv", "batch.hl7", "journal.ndjson"} <= names(drop / "taken"))
        until(lambda: names(drop / "refused") == {"junk.hl7", "junk.hl7.reason.txt"})
        place(drop, "batch.hl7", batch)
        until(lambda: len(names(drop / "taken")) == 4)
        assert names(drop) == {"growing.hl7.part"}
        assert served.health()[1]["problem"] is None
        served.caught_up()
    assert (drop / "refused" / "junk.hl7.reason.txt").read_text().startswith("junk.hl7:1: content")
    kinds = [(line["feed"], line["kind"]) for line in house.lines("export")]
    assert sorted(kinds) == [("F1", "hl7v2"), ("files", "hl7v2"), ("files", "hl7v2"), ("files", "roster")]
    assert house.json("members")["members"][0]["stays"]


def test_a_file_that_is_still_written_to_waits(house: House) -> None:
    drop = house.folder / "drop"
    with house.serve("--drop", drop):
        until((drop / "taken").is_dir)
        for attempt in count():
            name, messages = f"slow{attempt}.hl7", [adt("A08", f"S-{attempt}-{number}") for number in range(8)]
            taken, longest_s = written_slowly(drop, name, messages)
            if longest_s < 1:  # else the machine stood still, and so did the file: it may be taken
                break
        assert name not in taken
        until(lambda: name in names(drop / "taken"))
    heard = [line["body"].encode() for line in house.lines("export")]
    assert heard[-len(messages) :] == messages


def written_slowly(drop: Path, name: str, messages: list[bytes]) -> tuple[set[str], float]:
    """Write a file for longer than one has to be still; what was taken meanwhile, and the longest pause in seconds."""
    taken: set[str] = set()
    longest_s = 0.0
    with (drop / name).open("wb") as file:
        wrote = time.monotonic()
        for message in messages:
            file.write(message[:50])
            file.flush()
            longest_s, wrote = max(longest_s, time.monotonic() - wrote), time.monotonic()
            time.sleep(0.4)
            taken |= names(drop / "taken")
            file.write(message[50:])
    return taken, max(longest_s, time.monotonic() - wrote)


def place(drop: Path, name: str, content: bytes) -> None:
    """As a careful partner does it: under another name, then renamed, then said to be done."""
    (drop / f"{name}.tmp").write_bytes(content)
    (drop / f"{name}.tmp").rename(drop / name)
    (drop / f"{name}.done").touch()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}
