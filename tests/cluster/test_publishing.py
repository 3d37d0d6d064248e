"""The outbox publisher on a real Kafka and a real PostgreSQL: each effect at least once, always the same, in order."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Self

import msgspec
import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from models.measure import CounterKey, Sums
from models.owner import Owner
from models.view import Effect
from services.runtime.cluster import publishing, sending
from services.runtime.cluster.marks import Heads, Mark
from services.runtime.cluster.publishing import Condition, Publisher
from services.runtime.cluster.seat import Seat
from services.runtime.cluster.sending import Sender
from services.runtime.store.contract import Batch, OutboxRow, QuarantineRow
from services.runtime.store.postgres import PostgresStore
from services.runtime.store.postgres_reader import PostgresReader
from tests.end_to_end.running import adt, roster
from tests.patience import Ticks
from tests.servers.consuming import Heard, Subscriber, folded, once, standing
from tests.servers.kafka import Broker, KafkaServer
from tests.servers.postgres import PostgresServer
from tests.servers.process import PATIENCE_S
from tests.worlds import Live
from topics.declared import ALERTS, COUNTS, QUARANTINE, STATUS, TASKS
from topics.topic import Topic, partition_of

T0 = datetime(2025, 6, 5, 17, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWNER = Owner("PLANA", "P1", "L1")
PARTITIONS = 4
OUTGOING = (TASKS, ALERTS, STATUS, COUNTS, QUARANTINE)


class World:
    """A store, topics, and whoever publishes from the one to the others."""

    def __init__(self, url: str, namespace: str, broker: Broker, topics: Sequence[Topic] = OUTGOING) -> None:
        self.url, self.namespace, self.broker = url, namespace, broker
        self.store = PostgresStore.join(url, namespace, now=lambda: T0)
        self._revisions, self._restored = dict[str, int](), 0
        for topic in topics:
            broker.create_topic(topic.name_in(namespace), PARTITIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def publisher(self) -> Publisher:
        opened = partial(PostgresReader.open, self.url, self.namespace)
        return Publisher(self.url, self.namespace, self.broker.bootstrap, opened)

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[Publisher]:
        """A publisher that runs in this process."""
        publisher = self.publisher()
        running = asyncio.create_task(publisher.run())
        try:
            yield publisher
        finally:
            running.cancel()
            await asyncio.wait({running}, timeout=PATIENCE_S)
            assert running.cancelled()

    @contextmanager
    def process(self, faults: str = "", idle: str = "") -> Iterator["subprocess.Popen[str]"]:
        """A publisher in a process of its own."""
        command = [sys.executable, "-m", "tests.cluster.publishing_process", self.url, self.namespace]
        settings = {"WARMHANDOFF_FAULTS": faults, "WARMHANDOFF_TESTING": "1"} if faults else {}
        environment = os.environ | settings
        with subprocess.Popen(
            [*command, self.broker.bootstrap, idle], stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def subscriber(self, *topics: Topic) -> Subscriber:
        return Subscriber(self.broker.bootstrap, self.namespace, *topics)

    def happen(self, count: int, members: int = 5) -> None:
        """Commit effects about tasks of several members, in turn."""
        self.store.commit(Batch(effects=[self.effect(f"M{n % members}") for n in range(count)]))

    def effect(self, member_id: str, kind: str = "task_changed", alert: str | None = None) -> Effect:
        subject = f"task-of-{member_id}"
        revision = self._revisions[subject] = self._revisions.get(subject, 0) + 1
        name = f"{subject}-{revision}-{self._restored}"
        return Effect(
            name, T0, kind, alert, member_id, subject, revision, "tcs.visit", "open", T0, OWNER, None, ("name",)
        )  # type: ignore[arg-type]  # fmt: skip

    def restore(self, outbox: int) -> None:
        """Put the outbox back to where it was."""
        with psycopg.connect(self.url, options=f"-c search_path={self.namespace}") as connection:
            connection.execute("DELETE FROM outbox WHERE position > %s", [outbox])
            connection.execute("UPDATE tail SET outbox = %s", [outbox])
            mark = msgspec.json.encode(Mark(published=Heads(outbox)))
            connection.execute("UPDATE published SET body = %s WHERE stream = 'outbox'", [mark])
        revisions = {row.effect.subject: row.effect.revision for row in self.outbox()}
        self._restored, self._revisions = self._restored + 1, revisions

    def forget(self) -> None:
        """Have Kafka forget how far it was published, as it does after some days without anything to publish."""
        group = f"{self.namespace}.outbox"
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        admin.delete_consumer_groups([group])[group].result(PATIENCE_S)

    def outbox(self) -> list[OutboxRow]:
        return self.store.outbox(0, 10_000)


@pytest.fixture
def world(kafka: Broker, database: str, namespace: str) -> Iterator[World]:
    with World(database, namespace, kafka) as world:
        yield world


async def says(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout
    line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), PATIENCE_S)
    assert line.strip() == word


async def becomes(publisher: Publisher, wanted: Callable[[Condition], bool]) -> Condition:
    end = time.monotonic() + PATIENCE_S
    while not wanted(publisher.condition):
        assert time.monotonic() < end, publisher.condition
        await asyncio.sleep(0.02)
    return publisher.condition


def line(kind: str, body: str | bytes, at: datetime) -> dict[str, str]:
    text = body if isinstance(body, str) else body.decode()
    return {"received_at": at.isoformat(), "feed": "F1", "kind": kind, "body": text}


def utc(instant: str | None) -> str | None:
    return instant and datetime.fromisoformat(instant).astimezone(UTC).isoformat().replace("+00:00", "Z")


def ids(heard: Sequence[Heard]) -> list[str]:
    return [each.value["id"] for each in heard if each.value and "id" in each.value]


def of_member(heard: Sequence[Heard], member_id: str) -> list[Heard]:
    return [each for each in heard if each.value and each.value.get("member_id") == member_id]


async def told_all(world: World, subscriber: Subscriber) -> list[Heard]:
    """What a subscriber of the tasks hears, once it has heard all that the outbox holds."""
    wanted = {row.effect.id for row in world.outbox()}
    return await asyncio.to_thread(subscriber.listen, lambda heard: wanted <= set(ids(heard)))


# While all is well.


async def test_every_effect_is_told_once_and_in_the_order_of_its_member(world: World) -> None:
    with world.subscriber(TASKS) as subscriber:
        world.happen(2_500)  # more than one parcel
        async with world.publishing():
            for _ in range(5):
                world.happen(7)
                await asyncio.sleep(0.03)
            heard = await told_all(world, subscriber)
    assert len(heard) == 2_535
    for member_id in ("M0", "M4"):
        told = of_member(heard, member_id)
        assert ids(told) == [row.effect.id for row in world.outbox() if row.effect.member_id == member_id]
        assert {each.partition for each in told} == {partition_of(member_id, PARTITIONS)}
    assert {each.schema for each in heard} == {"1"}


async def test_alerts_are_told_to_those_who_follow_alerts_alone_too(world: World) -> None:
    effects = [
        world.effect("M1", "task_opened", "opened"),
        world.effect("M1", "task_changed", "overdue"),
        world.effect("M1", "alert_retracted", "overdue"),
        world.effect("M1", "task_closed"),
    ]
    world.store.commit(Batch(effects=effects))
    with world.subscriber(TASKS, ALERTS) as subscriber:
        async with world.publishing():
            heard = await asyncio.to_thread(subscriber.listen, lambda heard: len(heard) == 7)
    assert ids([each for each in heard if each.topic == ALERTS.name]) == [each.id for each in effects[:3]]
    assert ids([each for each in heard if each.topic == TASKS.name]) == [each.id for each in effects]


async def test_an_effect_waits_for_the_next_look_which_is_soon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = list[float]()

    class Noting:
        """`asyncio`, as the publisher knows it."""

        def __getattr__(self, name: str) -> object:
            return getattr(asyncio, name)

        async def sleep(self, seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(seconds)

    monkeypatch.setattr(publishing, "asyncio", Noting())
    async with world.publishing() as publisher:
        await becomes(publisher, lambda condition: condition.leads)
        pauses.clear()
        for count in range(1, 12):
            world.happen(1)
            await becomes(publisher, lambda condition, count=count: condition.position == count)
        assert set(pauses) == {publishing.LOOK_AGAIN_S}
    assert publishing.LOOK_AGAIN_S < 0.1


async def test_the_counters_of_the_topic_are_those_of_the_store(world: World) -> None:
    one, other = CounterKey("cbp", "1", "2025", "PLANA"), CounterKey("cbp", "1", "2025", "PLANB\x00")
    with world.subscriber(COUNTS) as subscriber:
        async with world.publishing() as publisher:
            world.store.commit(Batch(counters={one: Sums(2, 2, units=2), other: Sums(1, units=1)}))
            await publisher.drained()
        world.store.commit(Batch(counters={one: Sums(1, 1, numerator=1, units=1), other: -Sums(1, units=1)}))
        async with world.publishing() as publisher:
            await publisher.drained()
            heard = await asyncio.to_thread(subscriber.listen, lambda heard: len(heard) >= 4)
    assert [(each["owner"]["mcp_id"], each["denominator"], each["units"]) for each in standing(heard).values()] == [
        ("PLANA", 3, 3)
    ]
    assert len(heard) == 4
    with psycopg.connect(world.url, options=f"-c search_path={world.namespace}") as connection:
        kept = connection.execute("SELECT count(*) FROM published WHERE stream LIKE 'count|%'").fetchone()
    assert kept == (1,), "of what is gone nothing stays"


async def test_counters_are_told_once_a_second_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key, clock = CounterKey("cbp", "1", "2025", "PLANA"), Ticks()
    monkeypatch.setattr(publishing, "time", clock)
    with world.subscriber(COUNTS) as subscriber:
        world.happen(1)  # with it the counters are looked at for the first time
        async with world.publishing() as publisher:
            await becomes(publisher, lambda condition: condition.position == 1)
            for count in range(2, 12):
                clock.now += 0.09
                world.store.commit(Batch(effects=[world.effect("M1")], counters={key: Sums(1, units=1)}))
                await becomes(publisher, lambda condition, count=count: condition.position == count)
            clock.now += 0.2
            heard = await asyncio.to_thread(
                subscriber.listen, lambda heard: any(each.value and each.value["units"] == 10 for each in heard)
            )
    assert len(heard) == 1


async def test_what_could_not_be_read_is_told_by_its_number(world: World) -> None:
    rows = [QuarantineRow(0, "F1", seq, 1, "no_msh", "MSH", "3 bytes", "send a message") for seq in (1, 2, 3)]
    world.store.commit(Batch(quarantined=rows))
    with world.subscriber(QUARANTINE) as subscriber:
        async with world.publishing():
            heard = await asyncio.to_thread(subscriber.listen, lambda heard: len(heard) == 3)
    assert sorted(each.key for each in heard) == ["q-1", "q-2", "q-3"]
    assert {each.value["seq"] for each in heard if each.value} == {1, 2, 3}


async def test_who_waits_until_all_is_published_waits_for_another_one_too(world: World) -> None:
    bystander = world.publisher()
    world.happen(3)
    assert await bystander.behind() == 3
    async with world.publishing():
        await bystander.drained()
    assert await bystander.behind() == 0
    assert bystander.condition == Condition()


async def test_folded_effects_are_exactly_what_members_show(world: World) -> None:
    with closing(Live()) as live, world.subscriber(TASKS, STATUS) as subscriber:
        at = datetime(2025, 3, 3, 10, 0, tzinfo=UTC)
        live.take([line("roster", roster("M1", "M2", "M3"), at)])
        live.take([line("hl7v2", adt("A01", f"1-{m}", m, at=at), at) for m in ("M1", "M2", "M3")])
        live.take([line("hl7v2", adt("A03", f"2-{m}", m, at=at + HOUR, admitted=at), at + HOUR) for m in ("M1", "M2")])
        live.sleep(at + 100 * HOUR)
        live.take([line("hl7v2", adt("A13", "3-M1", "M1", at=at + HOUR, admitted=at), at + 101 * HOUR)])
        async with world.publishing():
            for start in range(0, len(live.effects()), 7):
                world.store.commit(Batch(effects=live.effects(start)[:7]))
            heard = await told_all(world, subscriber)
        shown = live.json(live.now)
    tasks = folded(each for each in heard if each.topic == TASKS.name)
    assert {each["effect"] for each in tasks.values()} > {"task_opened", "task_withdrawn"}
    standing_tasks = [each for each in tasks.values() if each["reason"] != "cause_removed"]
    assert sorted((each["subject"], each["state"], each["due_at"]) for each in standing_tasks) == sorted(
        (task["task_id"], task["state"], utc(task["due_at"])) for each in shown.values() for task in each["tasks"]
    )
    units = folded(each for each in heard if each.topic == STATUS.name).values()
    told = [each["contribution"] for each in units if each["contribution"]]
    words = ("measure", "period", "unit", "denominator", "numerator")
    assert sorted([each[word] for word in words] for each in told if each["period"].startswith("2025")) == sorted(
        [each[word] for word in words] for one in shown.values() for each in one["measures"]
    )


# Crashes.


async def test_a_crash_before_sending_loses_nothing(world: World) -> None:
    world.happen(20)
    with world.process("before_send=crash") as process:
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL
    with world.subscriber(TASKS) as subscriber:
        async with world.publishing():
            heard = await told_all(world, subscriber)
    assert len(heard) == 20


async def test_a_crash_between_sending_and_remembering_repeats_nothing(world: World) -> None:
    world.happen(20)
    with world.process("after_send=crash") as process:
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL
    assert await world.publisher().behind() == 20  # the store does not know of it, Kafka does
    world.happen(20)
    with world.subscriber(TASKS) as subscriber:
        async with world.publishing() as publisher:
            await publisher.drained()
            heard = await told_all(world, subscriber)
    assert len(heard) == 40
    assert {each["revision"] for each in folded(heard).values()} == {8}


async def test_when_kafka_has_forgotten_how_far_it_was_the_same_is_repeated(world: World) -> None:
    world.happen(20)
    with world.process("after_send=crash") as process:
        assert await asyncio.to_thread(process.wait, PATIENCE_S) == -signal.SIGKILL
    await asyncio.to_thread(world.forget)
    world.happen(20)
    with world.subscriber(TASKS) as subscriber:
        async with world.publishing():
            heard = await asyncio.to_thread(subscriber.listen, lambda heard: len(heard) >= 60)
    assert len(heard) == 60
    assert len(once(heard)) == 40
    assert {each["revision"] for each in folded(heard).values()} == {8}


async def test_a_broker_that_does_not_say_how_far_was_published_has_not_forgotten_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka tells so of a coordinator that is still loading, after a restart: by leaving the partition out."""

    async def says_nothing(*_: object, **__: object) -> dict[object, object]:
        return {}

    monkeypatch.setattr(sending.AIOKafkaAdminClient, "list_consumer_group_offsets", says_nothing)
    async with world.publishing() as publisher:
        condition = await becomes(publisher, lambda condition: bool(condition.failure))
    assert "does not say how far" in condition.failure


async def test_a_lost_connection_between_sending_and_remembering_repeats_nothing(world: World) -> None:
    world.happen(20)
    with world.subscriber(TASKS) as subscriber, world.process("after_send=drop_connection") as process:
        for word in ("leads", "stands by", "leads"):
            await says(process, word)
        world.happen(20)
        heard = await told_all(world, subscriber)
    assert len(heard) == 40


async def test_an_older_store_that_was_restored_is_told_anew(world: World) -> None:
    """What it says from here on may be other than what was said, under the same revisions."""
    key = CounterKey("cbp", "1", "2025", "PLANA")
    with world.subscriber(TASKS, COUNTS) as subscriber:
        world.happen(20)
        world.store.commit(Batch(counters={key: Sums(1, units=1)}))
        async with world.publishing() as publisher:
            await publisher.drained()
            world.happen(20)
            await publisher.drained()
        world.restore(outbox=20)
        world.store.commit(Batch(effects=[world.effect("M0", "task_closed")]))
        async with world.publishing() as publisher:
            await publisher.drained()
            heard = await told_all(world, subscriber)
            assert await asyncio.to_thread(subscriber.listen, lambda heard: len(heard) == 40 + 1 + 21 + 1)
        await asyncio.to_thread(world.forget)
        world.store.commit(Batch(effects=[world.effect("M0")]))
        async with world.publishing():
            heard = await told_all(world, subscriber)
    assert heard[-1].history == 1
    assert len(heard) == 40 + 1 + 21 + 1 + 1
    tasks = folded(each for each in heard if each.topic == TASKS.name)
    assert {subject: each["revision"] for subject, each in tasks.items()} == {
        "task-of-M0": 6, "task-of-M1": 4, "task-of-M2": 4, "task-of-M3": 4, "task-of-M4": 4,
    }  # fmt: skip
    assert tasks["task-of-M0"]["effect"] == "task_changed"


# Who leads.


async def test_a_frozen_leader_loses_its_seat_and_steps_down_when_it_wakes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, looks = Seat.taken, list[bool]()

    async def look(seat: Seat) -> bool:
        looks.append(await taken(seat))
        return looks[-1]

    monkeypatch.setattr(Seat, "taken", look)
    with world.subscriber(TASKS) as subscriber, world.process() as first:
        await says(first, "leads")
        world.happen(10)
        await told_all(world, subscriber)
        async with world.publishing() as second:
            await becomes(second, lambda _: bool(looks))
            assert not any(looks)
            first.send_signal(signal.SIGSTOP)
            world.happen(10)
            await becomes(second, lambda condition: condition.leads)
            world.happen(10)
            await told_all(world, subscriber)
            first.send_signal(signal.SIGCONT)
            await says(first, "stands by")
            world.happen(10)
            await told_all(world, subscriber)
        # It did not crash: now that the other one went, it leads again.
        await says(first, "leads")
        world.happen(10)
        heard = await told_all(world, subscriber)
    assert len(once(heard)) == 50
    assert {each["revision"] for each in folded(heard).values()} == {10}


async def test_the_next_one_takes_over_from_a_killed_one_without_waiting_until_its_silence_tells(world: World) -> None:
    with world.subscriber(TASKS) as subscriber, world.process(idle="5min") as first:
        await says(first, "leads")
        async with world.publishing() as second:
            world.happen(10)
            await told_all(world, subscriber)
            first.kill()
            world.happen(10)
            await becomes(second, lambda condition: condition.leads)
            heard = await told_all(world, subscriber)
    assert len(once(heard)) == 20


async def test_a_publisher_whose_pen_was_taken_steps_down_and_tries_again(world: World) -> None:
    with world.subscriber(TASKS) as subscriber:
        async with world.publishing() as publisher:
            world.happen(5)
            await told_all(world, subscriber)
            async with Sender.at(world.broker.bootstrap, world.namespace):
                world.happen(5)
                await becomes(publisher, lambda condition: "ProducerFenced" in condition.failure)
            heard = await told_all(world, subscriber)
    assert len(heard) == 10


# The world goes away.


async def test_a_missing_topic_is_named_with_what_to_do(
    kafka: Broker, database: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_REQUEST_S", 1)
    with World(database, namespace, kafka, topics=(ALERTS, STATUS)) as world:
        world.happen(1)
        async with world.publishing() as publisher:
            missing = f"there is no topic {namespace}.members.tasks.v1"
            condition = await becomes(publisher, lambda condition: missing in condition.failure)
            assert "topics apply" in condition.failure
            kafka.create_topic(TASKS.name_in(namespace), PARTITIONS)
            with world.subscriber(TASKS) as subscriber:
                await told_all(world, subscriber)


async def test_a_broker_that_restarts_costs_nothing_but_time(
    own_kafka: KafkaServer, database: str, namespace: str
) -> None:
    with World(database, namespace, own_kafka) as world, world.subscriber(TASKS) as subscriber:
        async with world.publishing() as publisher:
            world.happen(50)
            await told_all(world, subscriber)
            await asyncio.to_thread(own_kafka.stop)
            world.happen(50)
            await becomes(publisher, lambda condition: bool(condition.failure))
            await asyncio.to_thread(own_kafka.start)
            world.happen(50)
            heard = await told_all(world, subscriber)
            await becomes(publisher, lambda condition: condition.leads and not condition.failure)
    assert len(once(heard)) == 150
    assert {each["revision"] for each in folded(heard).values()} == {30}


async def test_a_database_that_restarts_costs_nothing_but_time(
    own_postgres: PostgresServer, kafka: Broker, namespace: str
) -> None:
    url = own_postgres.create_database("publishing")
    with World(url, namespace, kafka) as world, world.subscriber(TASKS) as subscriber:
        async with world.publishing() as publisher:
            world.happen(50)
            await told_all(world, subscriber)
            await asyncio.to_thread(own_postgres.stop)
            await becomes(publisher, lambda condition: bool(condition.failure) and not condition.leads)
            await asyncio.to_thread(own_postgres.start)
            await becomes(publisher, lambda condition: condition.leads and not condition.failure)
    assert len(subscriber.heard) == 50


async def test_one_that_is_stopped_while_the_broker_is_away_does_not_wait_for_it(
    own_kafka: KafkaServer, database: str, namespace: str
) -> None:
    with World(database, namespace, own_kafka) as world:
        async with world.publishing() as publisher:
            await becomes(publisher, lambda condition: condition.leads)
            await asyncio.to_thread(own_kafka.kill)
            world.happen(5)
            await becomes(publisher, lambda condition: condition.behind == 5 and publisher._sending_since is not None)
