"""`feed lint` as it is typed: what it prints, where the draft goes, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.onboarding.support import message

PROGRAM = Path(sys.executable).with_name("warmhandoff")
SOUND = b"".join(message(t, patient=n, pv1={45: "202503051000"}) for n in (1, 2) for t in ("A01", "A03"))
FACILITIES = "facility_id,name,setting,time_zone,aliases\nH1,Mercy,acute,America/Los_Angeles,MERCY\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples/adt.hl7").write_bytes(SOUND)
    (tmp_path / "facilities.csv").write_text(FACILITIES, "utf-8")
    return tmp_path


def run(folder: Path, *words: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PROGRAM, *words], cwd=folder, input=stdin, capture_output=True, timeout=120, check=False)


def report(folder: Path, *words: str, stdin: bytes | None = None) -> dict[str, Any]:
    done = run(folder, "feed", "lint", *words, "--json", stdin=stdin)
    assert done.returncode in {0, 1}, done.stderr
    return dict(json.loads(done.stdout))


def test_a_sound_sample_ends_with_0_and_makes_no_store(folder: Path) -> None:
    done = run(folder, "feed", "lint", "samples", "facilities.csv")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"parse clean           PASS    4 of 4 (100 %)" in done.stdout
    assert b"facility resolved     PASS" in done.stdout
    assert max(map(len, done.stdout.decode().splitlines())) <= 100
    assert sorted(path.name for path in folder.iterdir()) == ["facilities.csv", "samples"]


def test_a_failed_gate_ends_with_1(folder: Path) -> None:
    (folder / "samples/bad.hl7").write_bytes(message("A57"))
    assert run(folder, "feed", "lint", "samples").returncode == 1


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08", b"just words", b""])
def test_what_holds_no_message_ends_with_2_and_says_so(folder: Path, content: bytes) -> None:
    (folder / "odd").write_bytes(content)
    done = run(folder, "feed", "lint", "odd")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_file_of_a_folder_that_is_none_of_ours_is_left_out_and_told(folder: Path) -> None:
    (folder / "samples/notes.txt").write_text("call them on Monday", "utf-8")
    done = run(folder, "feed", "lint", "samples")
    assert done.returncode == 0
    assert b"left out: samples/notes.txt" in done.stderr


def test_ordinals_go_on_from_file_to_file(folder: Path) -> None:
    (folder / "samples/bad.hl7").write_bytes(message("A57"))
    found = report(folder, "samples")
    assert found["sources"] == [["samples/adt.hl7", 4], ["samples/bad.hl7", 1]]
    assert found["traffic"]["quarantine"][0]["examples"] == [5]


def test_a_pipe_and_a_framed_dump_are_read_like_files(folder: Path) -> None:
    framed = b"".join(b"\x0b" + message("A01", patient=n) + b"\x1c\r" for n in (1, 2))
    assert report(folder, "-", stdin=framed)["wire"]["messages"] == 2


def test_a_batch_whose_trailer_miscounts_is_told(folder: Path) -> None:
    found = report(folder, "-", stdin=b"BHS|^~\\&|A\r" + SOUND + b"BTS|7\r")
    assert (found["count_mismatches"], found["wire"]["messages"]) == (1, 4)


def test_of_a_journal_only_the_feeds_lines_are_read(folder: Path) -> None:
    lines = [
        {"received_at": "2025-03-03T22:13:00+00:00", "feed": feed, "kind": "hl7v2",
         "body": message("A01", patient=n, f7="20250303141200-0800").decode()}
        for n, feed in enumerate(("west", "west", "east"), 1)
    ]  # fmt: skip
    journal = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    west = report(folder, "-", "--feed", "west", stdin=journal)
    assert (west["wire"]["messages"], west["other_lines"]) == (2, 1)
    assert west["clocks"]["receiving"]["max"] == 60
    assert run(folder, "feed", "lint", "-", "--feed", "north", stdin=journal).returncode == 2


def test_the_feeds_own_profile_is_used_and_another_may_be_tried(folder: Path) -> None:
    config = "feeds: {west: {profile: w, allow: [{app: OTHER}]}}\n---\nprofile: w\n---\nprofile: x\n"
    (folder / "warmhandoff.yaml").write_text(config, "utf-8")
    assert report(folder, "samples", "--feed", "west")["profile"] == "w"
    assert run(folder, "feed", "lint", "samples", "--feed", "west").returncode == 1, "the sender is not allowed"
    assert report(folder, "samples", "--profile", "x")["profile"] == "x"
    done = run(folder, "feed", "lint", "samples", "--profile", "y")
    assert done.returncode == 2
    assert b"Known: default, w, x" in done.stderr


def test_a_draft_is_written_and_the_service_can_use_it_at_once(folder: Path) -> None:
    done = run(folder, "feed", "lint", "samples", "--feed", "west", "--draft", "west.yaml")
    assert done.returncode == 0
    assert done.stdout.startswith(b"Feed west")
    assert run(folder, "--config", "west.yaml", "feed", "lint", "samples", "--feed", "west").returncode == 0
    assert run(folder, "--config", "west.yaml", "load", "samples", "--feed", "west").returncode == 0


def test_a_draft_on_standard_output_is_all_that_is_printed(folder: Path) -> None:
    done = run(folder, "feed", "lint", "samples", "--draft", "-", "--json")
    assert done.stdout.startswith(b"# A draft, deduced from 4 messages")
    assert b'{"' not in done.stdout


def test_nothing_that_is_slow_to_import_is_imported_before_it_is_needed() -> None:
    code = "import sys; from services.cli.main import complete; complete(); sys.exit('hl7apy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_a_draft_overwrites_nothing(folder: Path) -> None:
    for name in ("samples/adt.hl7", "samples"):
        done = run(folder, "feed", "lint", "samples", "--draft", name)
        assert done.returncode == 2
        assert b"exists already" in done.stderr
    assert (folder / "samples/adt.hl7").read_bytes() == SOUND
