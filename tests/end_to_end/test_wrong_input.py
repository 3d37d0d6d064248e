"""Slips of the pen: clear words, the exit code that the contract promises, nothing changed, never a traceback."""

import contextlib
import ctypes
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.running import PATIENCE_S, House, adt, environment, roster, until

WRONG, AWAY = 2, 3
ROOT = Path(__file__).parents[2]


def refused(house: House, code: int, *words: str | Path, says: str = "", stdin: bytes | None = None) -> str:
    """Run a command that must end with this code; what it says."""
    done = house.run(*words, stdin=stdin)
    said = done.stderr.decode()
    assert done.returncode == code, (words, said)
    assert said.strip(), words
    assert "Traceback" not in said
    assert says in said, (words, said)
    return said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["explain", "nobody"], "No task has the id 'nobody'"),
        (["task", "note", "nobody"], "No task has the id 'nobody'"),
        (["quarantine", "show", "q-99"], "Nothing in quarantine has the id 'q-99'"),
        (["quarantine", "replay", "x"], "Nothing in quarantine has the id 'x'"),
        (["quarantine", "list", "--status", "lost"], "--status: 'lost'"),
        (["identity", "link", "F|H1|X", "M1"], "No source patient has the id"),
        (["identity", "unlink", "F|H1|X", "M1"], "No source patient has the id"),
        (["identity", "review", "--settle", "X"], "No source patient has the id"),
        (["members", "--as-of", "2025-01-01T10:00:00"], "no time with an offset"),
        (["tasks", "--as-of", "yesterday"], "no time with an offset"),
        (["tasks", "--state", "done"], "'done' is no state"),
        (["alerts", "--after", "x"], "--after"),
        (["send", "nofile.hl7", "--port", "2575"], "nofile.hl7"),
        (["rules", "check", "norules"], "norules"),
        (["load", "nofile.hl7"], "nofile.hl7"),
        (["--config", "noconfig.yaml", "members"], "noconfig.yaml"),
        (["serve", "--http", "nowhere"], "'nowhere' is no address"),
        (["serve", "--mllp", "localhost:99999"], "no address"),
        (["backup", "roster.csv"], "exists already"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_a_slip_is_named_and_nothing_changes(loaded: House, words: list[str], says: str) -> None:
    before = loaded.store.joinpath("warmhandoff.db").read_bytes()
    refused(loaded, WRONG, *words, says=says)
    assert loaded.store.joinpath("warmhandoff.db").read_bytes() == before


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A store with one member, shared by the tests that must not change it."""
    house = House(tmp_path_factory.mktemp("loaded"))
    house.ok("load", house.write("roster.csv", roster("M1")))
    return house


def test_where_there_is_no_store_nothing_is_made(house: House) -> None:
    house.write("a-file", "text")
    for words in (["members"], ["rebuild", "--apply"], ["backup", "x.db"]):
        refused(house, WRONG, *words, says="no store here yet")
    refused(house, WRONG, "load", "nofile", "neither", says="neither")
    refused(house, WRONG, "load", "-", says="standard input", stdin=b"\x00\x01 junk")
    assert not house.store.exists()
    refused(
        House(house.folder, "a-file"), WRONG, "load", house.write("roster.csv", roster("M1")), says="this is a file"
    )


def test_a_strange_or_newer_store_is_left_alone(house: House) -> None:
    house.store.mkdir()
    file = house.store / "warmhandoff.db"
    file.write_bytes(b"no database" * 1000)
    for words in (["members"], ["load", house.write("roster.csv", roster("M1"))]):
        refused(house, WRONG, *words)
    assert file.read_bytes() == b"no database" * 1000
    newer = House(house.folder, "newer")
    newer.ok("load", "roster.csv")
    with sqlite3.connect(newer.store / "warmhandoff.db") as connection:
        connection.execute("INSERT INTO migration VALUES (9999, 'from the future', x'00', 0)")
    connection.close()
    for words in (["members"], ["load", "roster.csv"]):
        refused(newer, WRONG, *words, says="newer")


def test_all_mistakes_of_all_files_are_listed_and_nothing_starts(house: House) -> None:
    house.config(
        "time_zone: Mars\nrules: [rules]\ntypo: 1\n---\nfeeds: {west: {listen: nowhere}}\n"
        "---\nprofile: p\noptions: {x: 1}\n"
    )
    house.write("rules/tcs.wrong.yaml", "rule: tcs.wrong\nversion: 1\nwhen: {event: nothing}\n")
    for words in (["serve"], ["load", house.write("roster.csv", roster("M1"))]):
        said = refused(house, WRONG, *words)
        for place in (
            "warmhandoff.yaml:1: time_zone", "warmhandoff.yaml:3: typo", "warmhandoff.yaml:5: feeds.west.listen",
            "warmhandoff.yaml:8: options.x", "rules/tcs.wrong.yaml:3: when.event",
        ):  # fmt: skip
            assert place in said
    house.config("feeds: {west: {listen: '127.0.0.1:0', tls: {cert: no.pem, key: no.key}}}\n")
    refused(house, WRONG, "serve", says="no.pem")
    house.config("feeds: [\n")
    refused(house, WRONG, "serve", says="warmhandoff.yaml:2")
    assert not house.store.exists()


def test_a_folder_of_mixed_kinds_is_loaded_around_what_nobody_knows(house: House) -> None:
    house.write("mixed/a/roster.csv", roster("M1"))
    house.write("mixed/b.hl7", adt("A03", "X-1"))
    house.write("mixed/c.bin", bytes(range(256)))
    house.write("mixed/d.txt", "")
    house.write("mixed/.hidden", "secret")
    done = house.run("load", "mixed", "--json")
    assert done.returncode == 0
    assert b"left out" in done.stderr
    assert b"c.bin" in done.stderr
    assert b'"left_out": 1' in done.stdout
    assert house.json("tasks")["tasks"]


@pytest.mark.parametrize("command", ["members", "export", "alerts", "tasks", "quarantine list"])
def test_a_reader_who_leaves_early_is_no_error(loaded: House, command: str) -> None:
    process = subprocess.Popen(
        loaded.command(*command.split()), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    with process:
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_that_is_stopped_ends_cleanly_and_frees_its_ports(house: House, number: int) -> None:
    # No other test listens there, so nobody else is given the port meanwhile.
    with house.serve(mllp="127.75.0.1:0") as served:
        address = f"127.75.0.1:{served.port}"
        assert served.stop(number) == 0
    assert "Traceback" not in served.log.read_text()
    with house.serve(mllp=address) as again:
        assert again.health()[0] == 200


def test_ctrl_c_ends_a_load_without_a_traceback(house: House) -> None:
    process = subprocess.Popen(
        house.command("load", "-"), env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=house.folder
    )
    with process:
        assert process.stdin is not None
        process.stdin.write(b"x" * 200_000)  # more than a pipe holds: it is read when this returns
        process.stdin.flush()

        def ended() -> bool:
            # A signal that comes just before a read begins is seen when the read ends: people press the keys again,
            # though not while the program is ending.
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S / 4)
            return process.returncode is not None

        until(ended)
        assert process.returncode == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize("module", ["typer", "models.pages", "services.settings", "services.cli.watching"])
def test_ctrl_c_while_a_command_is_imported_ends_it_without_a_traceback(module: str) -> None:
    code = f"""
import os, signal, sys

class Keys:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Keys())
from services.cli.main import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (130, b"")


@pytest.mark.parametrize(("words", "code"), [(["--follow"], 0), ([], 130)])
def test_ctrl_c_is_the_end_of_whoever_follows_and_of_nothing_else(loaded: House, words: list[str], code: int) -> None:
    command = loaded.command("alerts", *words)
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert (process.wait(PATIENCE_S), process.stderr.read()) == (code, b"")


def test_without_permission_to_write_the_command_says_so(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    secret = house.write("secret.csv", roster("M2"))
    secret.chmod(0)
    locked = house.folder / "locked"
    locked.mkdir(mode=0o500)
    as_anybody = {"preexec_fn": without_privilege}
    for code, words in (
        (AWAY, ["--store", locked / "store", "load", "roster.csv"]),
        (AWAY, ["backup", locked / "copy.db"]),
        (WRONG, ["load", "secret.csv"]),
        (AWAY, ["serve", "--drop", locked / "drop", "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0"]),
    ):
        done = house.run(*words, **as_anybody)
        assert done.returncode == code, (words, done.stderr)
        assert b"Traceback" not in done.stderr
        assert b"ermission denied" in done.stderr or b"not readable" in done.stderr, done.stderr


def without_privilege() -> None:
    """Root may write everywhere; a service does not run as root."""
    if os.geteuid() == 0:
        drop, override, read_search = 24, 1, 2  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        for capability in (override, read_search):
            ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0)


def test_closed_streams_are_no_streams(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    for words in (["tasks", "--json"], ["feeds"], ["simulate", "--members", "2", "--days", "5", "--seed", "1"]):
        closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *house.command(*words)]
        subprocess.run(closed, cwd=house.folder, env=environment(), timeout=PATIENCE_S, check=True)


def test_a_feed_may_be_called_anything(house: House) -> None:
    line = {"received_at": "2025-06-05T10:05:00-07:00", "kind": "hl7v2", "body": adt("A01", "C1").decode()}
    for name in ("[/x]", "[red]", "two\nlines", "\x1b[31m"):
        house.ok("load", house.write("one.ndjson", json.dumps({**line, "feed": name})))
    said = house.ok("feeds")
    assert "\x1b" not in said
    assert all(name in said for name in ("[/x]", "[red]", "two\\nlines", "\\x1b[31m"))


def test_a_truth_that_is_piped_is_refused(house: House) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    refused(house, WRONG, "score", "/dev/stdin", says="It is a pipe", stdin=b"{}")


def test_a_name_that_cannot_be_written_to_is_a_wrong_argument(house: House) -> None:
    words = ["simulate", "--members", "2", "--days", "5", "--seed", "1"]
    refused(house, WRONG, *words, "--truth", house.folder, says="Is a directory")
    refused(house, WRONG, *words, "--truth", house.folder / "nowhere" / "t", says="No such file")


@pytest.mark.parametrize("words", [("serve", "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0"), ("load", "roster.csv")])
def test_a_store_of_another_record_format_is_refused_before_anything_is_received(
    house: House, words: tuple[str, ...]
) -> None:
    house.ok("load", house.write("roster.csv", roster("M1")))
    lines = house.lines("export")
    with sqlite3.connect(house.store / "warmhandoff.db") as database:
        database.execute("UPDATE reference SET body = CAST('1' AS BLOB) WHERE name = 'format'")
    database.close()
    done = house.run(*words)
    assert (done.returncode, b"records have format 1" in done.stderr, b"export" in done.stderr) == (2, True, True)
    assert house.lines("export") == lines
