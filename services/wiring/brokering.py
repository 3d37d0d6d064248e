"""`topics`: the broker's topics, made and compared as they are declared."""

from collections.abc import Sequence

import msgspec

from connectors.kafka.admin import Admin
from models.errors import FileIsWrong, Problem, WorldIsAway
from services.settings import Kafka
from services.wiring.opening import Where
from topics.wanted import Difference, Wanted, differences, wanted

_GO_ON = (
    "Workers will not read one that is made anew under this name. Stop the listeners, and go on under a new name:\n"
    "  docs/how-to/run-a-cluster.md, 'When a topic is lost'."
)


class Applied(msgspec.Struct, frozen=True):
    """What was done: topics made, differences mended, and those that are not mended here."""

    created: list[str]
    changed: list[Difference]
    left: list[Difference]


async def check(kafka: Kafka, namespace: str) -> list[Difference]:
    """In what the broker's topics stand otherwise than declared and set.

    Raises:
        WorldIsAway: no broker answers.
    """
    wants = wanted(namespace, kafka.partitions, kafka.replication)
    async with Admin.at(kafka.bootstrap) as admin:
        return await _compared(admin, wants)


async def apply(kafka: Kafka, where: Where) -> Applied:
    """Make the topics that are missing, and bring the others' settings in line. Nothing is taken away.

    While a topic is missing that workers have read, nothing is made: listeners would answer into one that no worker
    will read. Where the database cannot be asked, all that is missing counts as new.

    Raises:
        FileIsWrong: more copies are asked for than there are brokers; nothing was made.
        WorldIsAway: no broker answers.
    """
    wants = {each.name: each for each in wanted(where.namespace, kafka.partitions, kafka.replication)}
    async with Admin.at(kafka.bootstrap) as admin:
        standing = await admin.standing(list(wants))
        missing = [each for each in wants.values() if each.name not in standing]
        if missing:
            if lost := _read_by_workers(where, missing):
                return Applied([], [], lost)
            _enough(await admin.brokers(), kafka)
        await admin.create(missing)
        found = [each for name, stands in standing.items() for each in differences(wants[name], stands)]
        changed = [each for each in found if not each.remedy]
        for name in dict.fromkeys(each.topic for each in changed):
            await _mend(admin, wants[name], [each for each in changed if each.topic == name])
        return Applied([each.name for each in missing], changed, [each for each in found if each.remedy])


def _read_by_workers(where: Where, missing: Sequence[Wanted]) -> list[Difference]:
    """The topics that workers have read, by the store's cursors; none while the database cannot tell."""
    from services.runtime.store.postgres import PostgresStore

    assert where.url, "a cluster's store is a database"
    partitions = {(each.topic.name, n): each.name for each in missing for n in range(each.standing.partitions)}
    try:
        with PostgresStore.assist(where.url, where.namespace) as store:
            cursors = store.cursors_now(list(partitions))
    except WorldIsAway:  # also where there is no store yet
        return []
    names = {partitions[place] for place, cursor in cursors.items() if cursor.offset is not None}
    return [
        Difference(name, "the topic", "missing", "that it goes on where workers have read to", _GO_ON)
        for name in sorted(names)
    ]


async def _compared(admin: Admin, wants: Sequence[Wanted]) -> list[Difference]:
    found = await admin.standing([each.name for each in wants])
    return [difference for each in wants for difference in differences(each, found.get(each.name))]


async def _mend(admin: Admin, want: Wanted, found: Sequence[Difference]) -> None:
    settings = {each.what: each.wanted for each in found if each.what in want.standing.settings}
    if settings:
        await admin.set(want.name, settings)
    if len(settings) < len(found):
        await admin.add_partitions(want.name, want.standing.partitions)


def _enough(brokers: int, kafka: Kafka) -> None:
    if brokers < kafka.replication:
        have = f"{brokers} broker{'s' * (brokers != 1)}"
        what = (
            f"Every record is to lie on {kafka.replication} brokers, and the cluster at {kafka.bootstrap} has {have}."
        )
        remedy = (
            f"Start more brokers; for a trial, where a lost disk may lose messages, write 'replication: {brokers}'."
        )
        raise FileIsWrong([Problem("kafka", 1, "replication", what, remedy)])
