"""A store in PostgreSQL instead of a file: the same commands say the same, to the byte.

Every shared story is told to both and asked for what it expects; a few are told through the command line, with all
commands that read and those by which people decide.
"""

import json
import random
import re
import shlex
import shutil
import subprocess
from datetime import datetime
from functools import cache
from pathlib import Path
from string import ascii_uppercase, digits

import msgspec
import psycopg
import pytest
import typer
from typer.testing import CliRunner

from services.cli.main import complete
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine
from services.status.questions import Questions
from services.status.shapes import effect_json, member_json
from services.wiring.clock import Clock
from services.wiring.loading import Summary, process
from services.wiring.opening import Where, open_reader, open_store
from services.wiring.setup import Setup
from tests.end_to_end.running import MALFORMED, PATIENCE_S, House, adt, codes, environment, roster
from tests.scenarios import FILES, NO_FILES, setup_with_codes
from tests.scribe import Scribe

CLOCK = Clock()
CLUSTER_PAGE = Path(__file__).parents[2] / "docs/how-to/run-a-cluster.md"


@pytest.fixture(scope="module")
def setup() -> Setup:
    """The shipped rules, with the codes that the stories use."""
    return setup_with_codes()


def load(where: Where, setup: Setup, journal: list[dict[str, str]]) -> Summary:
    """What `load` does with a journal."""
    summary = Summary()
    lines = [
        NewLine(line["feed"], datetime.fromisoformat(line["received_at"]), line["kind"], line["body"].encode())
        for line in journal
    ]
    with open_store(where, CLOCK) as store:
        appended = store.append(lines).result()
        summary.repeated = sum(line.repeat for line in appended)
        process(store, Pipeline(store, setup.readers, setup.reference, CLOCK), summary)
    return summary


def shown(where: Where, setup: Setup, instants: list[datetime]) -> bytes:
    """`members --json` as of each instant, and the outbox."""
    with open_reader(where) as reader:
        members = [
            [member_json(name, view, setup.zone, at) for name, view in Questions(reader, setup.reference).views(at, "")]
            for at in instants
        ]
        effects = [effect_json(row.position, row.effect, setup.zone) for row in reader.outbox(0, 10_000)]
    for effect in effects:
        del effect["at"]  # when it was worked out
    return msgspec.json.format(msgspec.json.encode([members, effects]))


@NO_FILES
@pytest.mark.parametrize("file", FILES[::6], ids=lambda file: file.stem)
def test_a_story_reads_the_same_from_a_file_and_from_a_database(
    file: Path, setup: Setup, database: str, tmp_path: Path
) -> None:
    story = json.loads(file.read_text("utf-8"))
    journal = story["journal"]
    instants = [datetime.fromisoformat(expected["as_of"]) for expected in story["expect"]]
    in_file, in_database = Where(tmp_path / "store"), Where(tmp_path / "store", database)
    assert load(in_file, setup, journal) == load(in_database, setup, journal)
    assert shown(in_file, setup, instants) == shown(in_database, setup, instants)


@NO_FILES
@pytest.mark.long
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_story_told_in_another_order_reads_the_same(file: Path, setup: Setup, database: str, tmp_path: Path) -> None:
    story = json.loads(file.read_text("utf-8"))
    told = [*story["journal"], *story["journal"][::3]]
    random.Random(file.stem).shuffle(told)
    instants = [datetime.fromisoformat(expected["as_of"]) for expected in story["expect"]]
    in_file, in_database = Where(tmp_path / "store"), Where(tmp_path / "store", database)
    load(in_file, setup, story["journal"])
    for line in told:
        load(in_database, setup, [line])
    whole, again = (json.loads(shown(where, setup, instants)) for where in (in_file, in_database))
    assert whole[0] == again[0]


AS_OF = "2025-03-20T12:00:00-07:00"
STORY = (
    ("02-25 07:00", "roster risk_tier=high"),
    ("02-27 10:00", "A01 admit V1"),
    ("03-01 11:30", "A03 discharge V1 home"),
    ("03-01 11:40", "A01 admit V2 mrn=TMP900 no-cin"),
    ("03-03 09:00", "contact reached"),
    ("03-05 14:00", "claim 99213"),
    ("03-11 10:00", "A01 admit V3"),
)
ASKED = (
    ("members", "--as-of", AS_OF, "--json"),
    ("tasks", "--as-of", AS_OF, "--json"),
    ("measures", "--as-of", AS_OF, "--json"),
    ("measures", "--as-of", AS_OF, "--ledger"),
    ("feeds", "--as-of", AS_OF, "--json"),
    ("programs", "--as-of", AS_OF, "--json"),
    ("submissions", "list", "--as-of", AS_OF, "--json"),
    ("identity", "review", "--parked", "--json"),
    ("quarantine", "list", "--json"),
    ("feed", "compare", "F1", "--as-of", AS_OF, "--json"),
    ("export",),
    ("export", "--since", "4"),
    ("verify", "--json"),
    ("rebuild", "--json"),
)


@pytest.fixture
def pair(tmp_path: Path, database: str) -> tuple[House, House]:
    """The same journal in a file and in a database."""
    scribe = Scribe()
    lines = scribe.opening() + [scribe.write(when, event) for when, event in STORY]
    lines.append(
        {"received_at": "2025-03-12T08:00:00-07:00", "feed": "F1", "kind": "hl7v2", "body": MALFORMED.decode()}
    )
    for name in ("file", "database"):
        (tmp_path / name).mkdir()
    houses = House(tmp_path / "file"), House(tmp_path / "database")
    houses[0].config("programs: [plan_a.qip]\n")
    houses[1].config(f"programs: [plan_a.qip]\nstore: {database}\n")
    for house in houses:
        ask(house, "load", str(house.write("journal.ndjson", "".join(json.dumps(line) + "\n" for line in lines))))
    assert not (houses[1].store / "warmhandoff.db").exists()
    return houses


@cache
def program() -> typer.Typer:
    return complete()  # once: it adds every command again


def ask(house: House, *words: str) -> str:
    """Run a command that must succeed in this process, for the start of another takes longer than most commands."""
    config = str(house.folder / "warmhandoff.yaml")
    done = CliRunner().invoke(program(), ["--store", str(house.store), "--config", config, *words])
    assert done.exit_code == 0, (words, done.output, done.exception)
    return done.stdout


def both(pair: tuple[House, House], *words: str) -> str:
    """What both say; it must be the same."""
    of_file, of_database = (ask(house, *words) for house in pair)
    assert of_file == of_database, words
    return of_file


@pytest.mark.long
def test_every_command_that_reads_says_the_same(pair: tuple[House, House]) -> None:
    said = {words: both(pair, *words) for words in ASKED}
    tasks = json.loads(said[ASKED[1]])["tasks"]
    assert tasks
    explained = both(pair, "explain", tasks[0]["task_id"], "--as-of", AS_OF, "--json")
    assert json.loads(explained)["facts"]
    alerts = [[{**json.loads(line), "at": ""} for line in ask(house, "alerts").splitlines()] for house in pair]
    assert alerts[0] == alerts[1] != []


def test_what_people_decide_changes_both_alike(pair: tuple[House, House]) -> None:
    (task, *_) = json.loads(both(pair, *ASKED[1]))["tasks"]
    waiting = json.loads(both(pair, "quarantine", "list", "--json"))["quarantine"]
    parked = json.loads(both(pair, "identity", "review", "--parked", "--json"))["items"]
    for house in pair:
        ask(house, "task", "note", task["task_id"], "--action", "done", "--text", "by phone", "--by", "ana")
        ask(house, "quarantine", "dismiss", waiting[0]["id"], "--by", "ana")
        ask(house, "identity", "link", parked[0]["source_patient"], "M1", "--by", "ana")
    both(pair, "quarantine", "list", "--status", "all", "--json")
    states = [
        [(each["task_id"], each["state"]) for each in json.loads(ask(house, "tasks", "--json"))["tasks"]]
        for house in pair
    ]
    assert states[0] == states[1]
    assert json.loads(both(pair, "identity", "review", "--parked", "--json"))["items"] == []
    both(pair, "verify", "--json")


def test_names_as_long_as_keys_can_hold_are_kept_and_longer_ones_wait_in_both(pair: tuple[House, House]) -> None:
    dice = random.Random(7)  # nothing that PostgreSQL could make smaller

    def name(size: int) -> str:
        return "".join(dice.choices(ascii_uppercase + digits, k=size))

    def row(size: int) -> dict[str, str]:
        columns = ("member_id", "mcp_id", "ecm_provider_id", "lead_cm_id", "language", "plan_member")
        days = dict.fromkeys(("coverage_start", "assigned_on"), "2025-01-01")
        return {**dict.fromkeys(columns, name(size)), **days, "birth_date": "1980-02-14"}

    def message(mrn: str, plan_member: str) -> str:
        return (
            "MSH|^~\\&|A|B|||20250227100000-0800||ADT^A01|L1|P|2.5.1\rEVN|A01|20250227100000-0800\r"
            f"PID|1||{mrn}||||19800214\rPV1|1|I|MED^1^A\rIN1|1{'|' * 35}{plan_member}\r"
        )

    rows = [row(size) for size in (2, 200, 201, 3001, 2)]
    long, feed, *others = rows[1], *(name(200) for _ in range(2))
    table = "\n".join(",".join(cells) for cells in (long, *(each.values() for each in rows)))
    told = [
        (feed, "roster", table),
        (feed, "hl7v2", message(f"{others[0]}^^^{name(200)}^MR", long["plan_member"])),
        (feed, "hl7v2", message(f"{name(201)}^^^H1^MR", "M1")),
        (feed, "hl7v2", message(f"1^^^{name(3001)}^MR", "M1")),
        (name(3001), "hl7v2", message("1^^^H1^MR", "M1")),
        (feed, name(201), "nobody knows it"),
    ]
    lines = [
        {"received_at": f"2025-03-13T08:00:0{at}-07:00", "feed": feed, "kind": kind, "body": body}
        for at, (feed, kind, body) in enumerate(told)
    ]
    for house in pair:
        ask(house, "load", str(house.write("long.ndjson", "".join(json.dumps(line) + "\n" for line in lines))))
    waiting = [
        [(each["feed"], each["reason"], each["where"]) for each in house.json("quarantine", "list")["quarantine"][1:]]
        for house in pair
    ]
    assert waiting[0] == waiting[1]
    assert sorted(waiting[0]) == sorted(
        [(feed, "too_long", where) for where in ("member_id", "member_id", "PID-3", "PID-3.4")]
        + [("files", "too_long", where) for where in ("feed", "kind")]
    )
    members = json.loads(both(pair, "members", "--as-of", AS_OF, "--json"))["members"]
    assert {each["member_id"] for each in members} == {"M1", *(rows[at]["member_id"] for at in (0, 1, 4))}
    (visited,) = (each for each in members if each["member_id"] == long["member_id"])
    assert len(visited["stays"]) == 1
    both(pair, "measures", "--as-of", AS_OF, "--json")


def test_a_rebuild_writes_what_was_recomputed(pair: tuple[House, House]) -> None:
    _, house = pair
    with (house.folder / "warmhandoff.yaml").open("a", encoding="utf-8") as config:
        config.write("time_zone: America/New_York\n")  # day deadlines fall three hours earlier
    done = house.run("rebuild", "--apply", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["differences"]
    assert house.json("rebuild")["differences"] == []


def test_no_rebuild_is_written_while_a_worker_runs(pair: tuple[House, House], database: str) -> None:
    from services.runtime.store.postgres import PostgresStore

    _, house = pair
    with (house.folder / "warmhandoff.yaml").open("a", encoding="utf-8") as config:
        config.write("kafka: {bootstrap: 127.0.0.1:1}\n")
    with PostgresStore.join(database, Where(house.store).namespace, now=CLOCK):
        assert house.json("rebuild")["differences"] == []
        refused = house.run("rebuild", "--apply")
    assert refused.returncode == 3, refused.stderr
    assert b"Stop the workers" in refused.stderr
    assert b"drop folder" not in refused.stderr
    with PostgresStore.attend(database, Where(house.store).namespace, now=CLOCK) as listening:
        assert house.run("rebuild", "--apply").returncode == 0
        assert listening.answers_of([("F1", b"\0" * 32, CLOCK())]) == [None]


def test_a_backup_is_the_database_s_own(pair: tuple[House, House]) -> None:
    _, house = pair
    done = house.run("backup", house.folder / "copy.db")
    assert done.returncode == 2
    assert f"pg_dump --format=custom --schema={Where(house.store).namespace}" in done.stderr.decode()
    assert not (house.folder / "copy.db").exists()


@pytest.mark.parametrize("is_left", [True, False], ids=["beside what is left", "into nothing"])
def test_a_backup_is_restored_by_the_commands_of_the_page(
    pair: tuple[House, House], database: str, tmp_path: Path, *, is_left: bool
) -> None:
    if absent := [tool for tool in ("psql", "pg_dump", "pg_restore") if shutil.which(tool) is None]:
        pytest.skip(f"PostgreSQL's own clients are not in PATH: {', '.join(absent)}")
    section = CLUSTER_PAGE.read_text(encoding="utf-8").partition("## Back up and restore")[2].partition("\n## ")[0]
    (dump,), restore, *_ = (block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    _, house = pair
    namespace = Where(house.store).namespace
    program = f"{shlex.join(house.command())} "

    def run(command: str) -> str:
        command = re.sub(r"postgresql://[\w@./]+", database, command).replace("w732df8b8", namespace)
        command = re.sub(r"^warmhandoff ", program, command)
        done = subprocess.run(
            shlex.split(command), cwd=house.folder, env=environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    kept = ask(house, "export")
    run(dump)
    if is_left:
        ask(house, "load", str(house.write("later.hl7", adt("A01", "C9"))))
        assert ask(house, "export") != kept
    else:
        with psycopg.connect(database) as connection:
            connection.execute(f"DROP SCHEMA {namespace} CASCADE")
    for command in restore:
        run(command)
    assert ask(house, "export") == kept
    ask(house, "load", str(house.write("again.hl7", adt("A01", "C10"))))


def test_the_service_receives_tells_and_takes_what_people_decide(pair: tuple[House, House]) -> None:
    _, house = pair
    with house.serve() as served:
        follow = subprocess.Popen(
            house.command("alerts", "--follow"), cwd=house.folder, env=environment(), stdout=subprocess.PIPE
        )
        assert follow.stdout is not None
        assert codes(served.port, adt("A01", "S1", visit="V70"), adt("A03", "S2", visit="V70")) == ["AA", "AA"]
        served.caught_up()
        assert any(line["effect"] == "task_opened" for line in map(json.loads, follow.stdout))
        follow.terminate()
        follow.wait(timeout=PATIENCE_S)
        follow.stdout.close()
        assert served.health()[0] == 200
        refused = house.run("load", house.write("more.csv", roster("M2")))
        assert refused.returncode == 3
        (task, *_) = house.json("tasks")["tasks"]
        assert b"handed to the running service" in house.run("task", "note", task["task_id"], "--by", "ana").stderr
    assert house.json("verify")["differences"] == []


def test_a_decision_is_not_handed_to_a_service_that_runs_elsewhere(pair: tuple[House, House], database: str) -> None:
    """Whoever holds the store may be another machine, which never looks into a folder of this one."""
    _, house = pair
    (task, *_) = house.json("tasks")["tasks"]
    with open_store(Where(house.store, database), CLOCK):
        refused = house.run("task", "note", task["task_id"], "--by", "ana")
    assert refused.returncode == 3
    assert not house.store.exists()
    assert b"Recorded." in house.run("task", "note", task["task_id"], "--by", "ana").stderr


def test_a_store_that_was_never_made_and_a_database_that_is_away_are_told_apart(tmp_path: Path, database: str) -> None:
    house = House(tmp_path)
    house.config(f"store: {database}\n")
    none = house.run("members")
    assert none.returncode == 2
    assert b"no store here yet" in none.stderr
    house.config("store: postgresql://ana:s3cret@127.0.0.1:1/care\n")
    for command in ("members", "verify", "load"):
        away = house.run(command, *([house.write("roster.csv", roster("M1"))] if command == "load" else []))
        assert away.returncode == 3, away.stderr
        assert b"127.0.0.1:1" in away.stderr
        assert b"s3cret" not in away.stderr
