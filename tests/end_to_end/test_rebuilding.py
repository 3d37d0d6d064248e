"""`verify` and `rebuild` with several processes, over both stores."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.wiring.opening import Where
from tests.end_to_end.running import PATIENCE_S, House, environment, until
from tests.servers.process import is_alive

MEMBERS, DAYS = "60", "30"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an exchange with every fault said."""
    house = House(tmp_path_factory.mktemp("journal"))
    simulated = ("simulate", "--members", MEMBERS, "--days", DAYS, "--seed", "5", "--faults", "all")
    return house.write("journal.ndjson", house.ok(*simulated))


@pytest.fixture(params=["file", "database"])
def loaded(request: pytest.FixtureRequest, tmp_path: Path, journal: Path) -> tuple[House, Callable[[str], None]]:
    """A store with the journal in it, and a way to have it say what is wrong."""
    house = House(tmp_path)
    if request.param == "file":

        def spoil(statement: str) -> None:
            with sqlite3.connect(house.store / "warmhandoff.db") as connection:
                connection.execute(statement)
            connection.close()

    else:
        url = request.getfixturevalue("database")
        house.config(f"store: {url}\n")

        def spoil(statement: str) -> None:
            with psycopg.connect(url, options=f"-c search_path={Where(house.store).namespace}") as connection:
                connection.execute(statement)

    house.ok("load", journal)
    return house, spoil


def asked(house: House, *words: str) -> tuple[int, bytes]:
    done = house.run(*words, "--json")
    return done.returncode, done.stdout


def test_any_number_of_processes_finds_the_same_and_mends_it(loaded: tuple[House, Callable[[str], None]]) -> None:
    house, spoil = loaded
    latest = "(SELECT view FROM record ORDER BY member_id DESC LIMIT 1)"
    spoil(f"UPDATE record SET view = {latest} WHERE member_id = (SELECT min(member_id) FROM record)")
    spoil("DELETE FROM member WHERE member_id = (SELECT max(member_id) FROM member)")
    spoil("UPDATE measure_count SET numerator = numerator + 1 WHERE measure = 'trc.engagement'")
    found = asked(house, "verify", "--jobs", "1")
    assert found[0] == 1
    assert asked(house, "verify", "--jobs", "3") == found
    assert asked(house, "verify") == found, "as many as there are cores"
    house.ok("rebuild", "--apply", "--jobs", "2")
    for jobs in ("1", "2"):
        said: dict[str, Any] = house.json("verify", "--jobs", jobs)
        assert said["differences"] == []
        assert said["members"] > 60


HELD = """
import time
from pathlib import Path
from services.cli.main import main
from services.runtime.shares import Share

def held(share, *words, deal=Share.deal):
    while not Path("go").exists():
        time.sleep(0.01)
    return deal(share, *words)

Share.deal = held
main()
"""
"""The program, with processes that are not done before they are told to go on."""


def test_processes_end_with_the_command(loaded: tuple[House, Callable[[str], None]]) -> None:
    house, _ = loaded
    _, *words = house.command("verify", "--jobs", "2")
    held = [sys.executable, "-c", HELD, *words]
    command = subprocess.Popen(held, cwd=house.folder, env=environment())
    children: list[int] = []

    def forked() -> bool:
        path = Path(f"/proc/{command.pid}/task/{command.pid}/children")
        children[:] = map(int, path.read_text().split())
        return len(children) == 2

    until(forked)
    os.kill(children[0], signal.SIGKILL)
    assert command.wait(PATIENCE_S) == 3, "one that was killed is noticed"
    command = subprocess.Popen(held, cwd=house.folder, env=environment())
    until(forked)
    command.kill()
    command.wait()
    house.write("go", "")
    until(lambda: not any(is_alive(child) for child in children))
