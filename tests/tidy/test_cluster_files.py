"""`docker-compose.yml`, the `Dockerfile` and `.env.example` agree with the program, with each other and with the tests.

No container is started. The commands are read by the command line itself, the configuration by the settings.
"""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from psycopg.conninfo import conninfo_to_dict

from connectors.files.sniffing import sniff
from models.pages import host_and_port
from services.cli.main import complete
from services.settings import Settings
from services.wiring.setup import read_settings, read_setup

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
CONFIG = ROOT / "deploy/warmhandoff.yaml"
INSIDE = "/etc/warmhandoff"
VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")
ADDRESS = re.compile(r"[\w.]+:\d+")


@cache
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


def services() -> dict[str, Any]:
    return compose()["services"]


def ours() -> dict[str, Any]:
    return {name: each for name, each in services().items() if each["image"].startswith("warmhandoff")}


@cache
def settings() -> Settings:
    return read_settings(CONFIG)


def filled(text: str) -> str:
    """With the defaults in place of variables."""
    return VARIABLE.sub(lambda found: found[3] if found[2] == ":-" else "", text)


def options(command: list[str]) -> dict[str, Any]:
    """What the command line makes of the words of a command, down to its last option."""
    found: Any = typer.main.get_command(complete())
    context = found.make_context("warmhandoff", ["--help"], resilient_parsing=True)
    words = list(command)
    while hasattr(found, "commands"):
        name = words.pop(0)
        assert name in found.commands, f"no command {name!r}"
        found = found.commands[name]
    return dict(found.make_context(name, words, parent=context).params)


def ran(words: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "POSTGRES_PASSWORD": "any"}
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def checkers() -> Iterator[list[str]]:
    """Commands that check a compose file against the specification, of which this machine has the tool."""
    if shutil.which("docker") and ran(["docker", "compose", "version"]).returncode == 0:
        yield ["docker", "compose", "-f", str(COMPOSE), "config", "--quiet"]
    if tool := shutil.which("check-jsonschema", path=f"{ROOT}/.venv/bin:{os.environ['PATH']}"):
        yield [tool, "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]


def test_the_file_keeps_to_the_compose_specification() -> None:
    tools = list(checkers())
    if not tools:
        pytest.skip("no tool here knows the compose specification: install `docker compose` or check-jsonschema")
    for tool in tools:
        done = ran(tool)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(ours()))
def test_a_command_of_the_file_is_one_of_ours(name: str) -> None:
    assert options(ours()[name]["command"]) is not None


def test_the_files_that_the_page_loads_are_there_and_read_well() -> None:
    page = (ROOT / "docs/how-to/run-a-cluster.md").read_text(encoding="utf-8")
    names = set(re.findall(rf"{INSIDE}/(\S+\.csv)", page))
    assert names
    for name in names:
        body = (CONFIG.parent / name).read_bytes()
        kind = sniff(body)
        assert kind is not None
        readings = list(read_setup(None).readers[kind].read("files", datetime.now(UTC), body))
        assert [(each.outcome, each.flags) for each in readings] == [("interpreted", ())] * 2


def test_no_two_workers_have_one_instance_name() -> None:
    names = [options(each["command"])["instance"] for each in ours().values() if each["command"][0] == "worker"]
    assert len(names) == 2 == len(set(names))


def test_the_configuration_names_services_of_the_file() -> None:
    assert settings().database
    assert settings().kafka
    database = conninfo_to_dict(settings().database)
    given = services()[database["host"]]["environment"]
    assert (database["user"], database["dbname"]) == (given["POSTGRES_USER"], given["POSTGRES_DB"])
    host, port = settings().kafka.bootstrap.split(":")
    broker = services()[host]["environment"]
    assert broker["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{host}:{port}"
    assert f"PLAINTEXT://:{port}" in broker["KAFKA_LISTENERS"].split(",")


def test_one_broker_keeps_one_copy() -> None:
    brokers = [each for each in services().values() if "kafka" in each["image"]]
    assert settings().kafka.replication == len(brokers) == 1


def test_the_password_is_written_nowhere_but_in_the_environment() -> None:
    assert "password" not in conninfo_to_dict(settings().database)
    for each in services().values():
        for key, value in each.get("environment", {}).items():
            if "PASSWORD" in key:
                assert VARIABLE.fullmatch(value)[1] == "POSTGRES_PASSWORD"


@pytest.mark.parametrize("name", sorted(ours()))
def test_a_process_of_ours_finds_its_configuration_its_store_and_its_password(name: str) -> None:
    assert f"./{CONFIG.parent.name}:{INSIDE}:ro" in ours()[name]["volumes"]
    assert f"WORKDIR {INSIDE}" in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    stores = {each["environment"]["WARMHANDOFF_STORE"] for each in ours().values()}
    assert len(stores) == 1  # another name would be another store
    assert "PGPASSWORD" in ours()[name]["environment"]


def test_variables_of_ours_are_known_to_the_program() -> None:
    program = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("services/**/*.py"))
    names = {name for each in ours().values() for name in each["environment"] if name.startswith("WARMHANDOFF")}
    assert [name for name in names if f'"{name}"' not in program] == []


@pytest.mark.parametrize("name", sorted(services()))
def test_who_waits_waits_for_what_will_come(name: str) -> None:
    for other, how in services()[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in services()[other]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert services()[other]["restart"] == "no"


def test_whatever_goes_on_has_a_health_check() -> None:
    assert {name for name, each in services().items() if "healthcheck" not in each} == {"topics"}


@pytest.mark.parametrize("name", sorted(ours()))
def test_ports_and_health_checks_lead_to_what_is_listened_on(name: str) -> None:
    each = ours()[name]
    listened = {host_and_port(word)[1] for word in each["command"] if ADDRESS.fullmatch(word)}
    published = {int(filled(port).rpartition(":")[2]) for port in each.get("ports", [])}
    assert published == listened
    checked = re.findall(r"http://127\.0\.0\.1:(\d+)/healthz", " ".join(each.get("healthcheck", {}).get("test", [])))
    http = [word for flag, word in zip(each["command"], each["command"][1:], strict=False) if flag == "--http"]
    assert [int(port) for port in checked] == [host_and_port(word)[1] for word in http]
    exposed = re.search(r"^EXPOSE (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert listened <= set(map(int, exposed[1].split()))


def test_nothing_but_the_listener_can_be_opened_to_other_machines() -> None:
    for name, each in services().items():
        for port in each.get("ports", []):
            assert filled(port).startswith("127.0.0.1:"), name
            assert name == "listener" or port.startswith("127.0.0.1:"), name


def test_volumes_are_declared_and_used() -> None:
    mounted = [mount.split(":")[0] for each in services().values() for mount in each.get("volumes", [])]
    assert {name for name in mounted if not name.startswith(".")} == set(compose()["volumes"])
    assert all((ROOT / name).exists() for name in mounted if name.startswith("."))


def test_the_template_has_every_variable_and_no_other() -> None:
    template = (ROOT / ".env.example").read_text(encoding="utf-8")
    told = dict(re.findall(r"^(\w+)=(.*)$", template, re.MULTILINE))
    asked = {name: (sign, text) for name, sign, text in VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))}
    assert set(told) == set(asked)
    assert all(told[name] == (text if sign == ":-" else "") for name, (sign, text) in asked.items())


def test_what_holds_the_password_is_not_kept_and_not_sent_to_the_builder() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()[1] == "*"


def test_the_broker_is_the_one_that_the_tests_run_on() -> None:
    pinned = re.search(r"<version>(4[\d.]+)</version>", (ROOT / "tests/servers/pom.xml").read_text(encoding="utf-8"))
    assert services()["kafka"]["image"] == f"apache/kafka:{pinned[1]}"


def test_the_image_holds_every_package_and_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    copied = {word for words in sources for word in words}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert copied == allowed
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= copied
    assert all((ROOT / name).exists() for name in copied)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("0", "root")
    (entry,) = (line for line in lines if line.startswith("ENTRYPOINT"))
    assert entry == 'ENTRYPOINT ["warmhandoff"]'
    assert "warmhandoff" in project["project"]["scripts"]
