"""Fixtures of real servers. A server is started when the first test asks for it, and never otherwise.

`kafka` and `postgres` are shared by the whole run, or are the user's own (KAFKA_BOOTSTRAP, DATABASE_URL): each test
keeps to its `namespace` and its `database`. `own_kafka` and `own_postgres` belong to one test, which may stop, kill and
freeze them.
"""

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

import pytest

from tests.servers.kafka import Broker, KafkaServer
from tests.servers.postgres import Postgres, PostgresServer
from tests.servers.process import CannotBeHad, Server, ServerFailed
from tests.servers.shared import Run

S = TypeVar("S", bound=Server)
RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    told = getattr(config, "workerinput", None)  # a worker of xdist is told by its controller
    config.stash[RUN] = Run(**told["servers"]) if told else Run.begin()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Session) -> None:
    """Tell a worker of xdist which run it belongs to."""
    run = node.config.stash[RUN]
    node.workerinput["servers"] = {"controller": run.controller, "folder": run.folder}  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and RUN in config.stash:
        config.stash[RUN].end()


@pytest.fixture
def namespace() -> str:
    """A name that no other test has: of a schema, and before the names of topics."""
    return f"w{uuid.uuid4().hex[:8]}"


@pytest.fixture
def port_of_nobody() -> Iterator[int]:
    """A port of 127.0.0.1 where nobody listens. It is held, so that nobody begins to."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Broker:
    """A broker shared by every test of the run. It stays up: who wants to stop one takes `own_kafka`."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        return Broker(given)
    with _needed():
        run = request.config.stash[RUN]
        return Broker(run.server("kafka", lambda watch: KafkaServer(watch=watch), lambda server: server.bootstrap))


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Postgres:
    """A PostgreSQL shared by every test of the run. It stays up: who wants to stop one takes `own_postgres`."""
    if given := os.environ.get("DATABASE_URL"):
        return Postgres(given)
    with _needed():
        run = request.config.stash[RUN]
        return Postgres(run.server("postgres", _hasty, lambda server: server.address))


def _hasty(watch: int) -> PostgresServer:
    """Nobody pulls the plug of the shared server: it need not wait for the disk, which takes most of a test's time.

    Its own helpers stay away from databases that are dropped: only a superuser may send them off.
    """
    return PostgresServer(watch=watch, settings={"fsync": "off", "full_page_writes": "off", "autovacuum": "off"})


@pytest.fixture
def database(postgres: Postgres, namespace: str) -> Iterator[str]:
    """The address of a fresh, empty database, dropped afterwards."""
    name = f"test_{namespace}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def database_of_module(postgres: Postgres) -> Iterator[str]:
    """The same for all tests of a module, each of which keeps to its `namespace`."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """A broker of this test alone."""
    yield from _own(KafkaServer, "KAFKA_BOOTSTRAP")


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test alone."""
    yield from _own(PostgresServer, "DATABASE_URL")


def _own(make: Callable[[], S], variable: str) -> Iterator[S]:
    if variable in os.environ:
        pytest.skip(f"it stops and kills its server, and {variable} names one that is not ours to stop")
    with _needed():
        server = make().__enter__()
    yield server
    server.remove()


@contextmanager
def _needed() -> Iterator[None]:
    """Skip a test whose server cannot be had; where CI runs, fail it: there nobody reads why it was skipped."""
    try:
        yield
    except (CannotBeHad, ServerFailed) as error:
        absent(str(error))


def absent(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
