"""Topics on the broker: how they stand, and making them. Nothing is ever deleted."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from connectors.kafka.quiet import throttle_loggers
from connectors.kafka.saying import away, told
from topics.wanted import Standing, Wanted

_REQUEST_S = 10
_SET_ON_THE_TOPIC = 1  # Kafka's number for where a value comes from


class Admin:
    """What `topics apply` and `topics check` ask of the brokers."""

    def __init__(self, client: AIOKafkaAdminClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def at(cls, bootstrap: str) -> AsyncIterator[Self]:
        """Connect.

        Raises:
            WorldIsAway: no broker answers, or one refuses; also by every call inside.
        """
        throttle_loggers()
        client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_S * 1000)
        try:
            await client.start()
            yield cls(client)
        except (KafkaError, TimeoutError) as error:
            raise away(bootstrap, told(error)) from None
        finally:
            await client.close()

    async def brokers(self) -> int:
        """How many brokers the cluster has now."""
        return len((await self._client.describe_cluster())["brokers"])

    async def standing(self, names: Sequence[str]) -> dict[str, Standing]:
        """How topics stand; those that do not exist are left out."""
        found = {each["topic"]: each for each in await self._client.describe_topics() if each["topic"] in names}
        settings = await self._settings(list(found), everything=True)
        return {
            name: Standing(
                len(each["partitions"]),
                min((len(partition["replicas"]) for partition in each["partitions"]), default=0),
                settings[name],
            )
            for name, each in found.items()
        }

    async def create(self, topics: Sequence[Wanted]) -> None:
        """Make topics. One that somebody else made at the same time is left as it is."""
        made = [
            NewTopic(each.name, each.standing.partitions, each.standing.replication, None, dict(each.standing.settings))
            for each in topics
        ]
        if made:
            answer = (await self._client.create_topics(made)).to_object()
            for each in answer["topic_errors"]:
                kind = for_code(each["error_code"])
                if each["error_code"] and kind is not TopicAlreadyExistsError:
                    raise kind(f"{each['topic']} was not made: {each.get('error_message') or kind.__name__}")

    async def set(self, name: str, settings: Mapping[str, str]) -> None:
        """Give a topic settings; others that were given to it stay."""
        # The request replaces all of them.
        given = (await self._settings([name], everything=False))[name]
        resource = ConfigResource(ConfigResourceType.TOPIC, name, {**given, **settings})
        for answer in await self._client.alter_configs([resource]):
            for code, message, *_ in answer.resources:
                if code:
                    raise for_code(code)(f"{name} was not changed: {message}")

    async def add_partitions(self, name: str, count: int) -> None:
        """Let a topic have `count` partitions."""
        await self._client.create_partitions({name: NewPartitions(count)})

    async def _settings(self, names: Sequence[str], *, everything: bool) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found: dict[str, dict[str, str]] = {}
        for answer in await self._client.describe_configs(asked):
            for each in answer.to_object()["resources"]:
                found[each["resource_name"]] = {
                    entry["config_names"]: entry["config_value"]
                    for entry in each["config_entries"]
                    if everything or _is_given(entry)
                }
        return found


def _is_given(entry: Mapping[str, Any]) -> bool:
    return bool(entry["config_source"] == _SET_ON_THE_TOPIC)
