"""The mock cluster inside librdkafka, driven through ctypes: a broker that fails on demand, up in 20 ms.

It speaks the Kafka protocol on real sockets, and aiokafka 0.14 can do all of this with it: produce (idempotent and
transactional too), consume, join a group, commit. It keeps records in memory, and knows no compaction, no retention, no
deletion of topics and no rights. It is for faults of single requests; for all else there is `tests/servers/kafka.py`.

Source: librdkafka, src/rdkafka_mock.h (bundled in the wheel of confluent-kafka).
"""

import ctypes
from enum import IntEnum
from pathlib import Path
from typing import Self

import confluent_kafka

PRODUCER = 0
ERROR_TEXT = 512


class ApiKey(IntEnum):
    """Kinds of request, by their number in the Kafka protocol."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    API_VERSIONS = 18
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    TXN_OFFSET_COMMIT = 28


class Error(IntEnum):
    """What a broker may answer, by its number in the Kafka protocol; and one that is librdkafka's own."""

    CONNECTION_LOST = -195
    """The broker closes the connection instead of answering."""
    NONE = 0
    UNKNOWN_TOPIC_OR_PARTITION = 3
    LEADER_NOT_AVAILABLE = 5
    NOT_LEADER_FOR_PARTITION = 6
    REQUEST_TIMED_OUT = 7
    MESSAGE_TOO_LARGE = 10
    COORDINATOR_NOT_AVAILABLE = 15
    NOT_ENOUGH_REPLICAS = 19
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20
    TOPIC_AUTHORIZATION_FAILED = 29
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    DUPLICATE_SEQUENCE_NUMBER = 46
    INVALID_PRODUCER_EPOCH = 47
    KAFKA_STORAGE_ERROR = 56
    PRODUCER_FENCED = 90


class MockCluster:
    """Brokers numbered from 1, as long as the `with` lasts."""

    def __init__(self, brokers: int = 1) -> None:
        self._library = _library()
        text = ctypes.create_string_buffer(ERROR_TEXT)
        settings = self._library.rd_kafka_conf_new()  # the handle's from rd_kafka_new on
        self._library.rd_kafka_conf_set(settings, b"log_level", b"2", text, ERROR_TEXT)
        self._handle = self._library.rd_kafka_new(PRODUCER, settings, text, ERROR_TEXT)
        assert self._handle, text.value
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, brokers)
        assert self._cluster, "librdkafka made no mock cluster"
        self.bootstrap: str = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)

    def create_topic(self, name: str, partitions: int = 1) -> None:
        self._did(self._library.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1))

    def push_errors(self, api: ApiKey, *errors: Error) -> None:
        """Answer the next requests of this kind with these, one each; NONE lets one through."""
        codes = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(errors), codes)

    def slow(self, broker: int, milliseconds: int) -> None:
        """Delay each answer of a broker by this much; 0 ends it."""
        self._did(self._library.rd_kafka_mock_broker_set_rtt(self._cluster, broker, milliseconds))

    def down(self, broker: int) -> None:
        """Close a broker's connections and its port."""
        self._did(self._library.rd_kafka_mock_broker_set_down(self._cluster, broker))

    def up(self, broker: int) -> None:
        self._did(self._library.rd_kafka_mock_broker_set_up(self._cluster, broker))

    def lead(self, topic: str, partition: int, broker: int) -> None:
        """Give the leadership of a partition to a broker."""
        self._did(self._library.rd_kafka_mock_partition_set_leader(self._cluster, topic.encode(), partition, broker))

    def _did(self, error: int) -> None:
        assert error == 0, self._library.rd_kafka_err2str(error).decode()


def _library() -> ctypes.CDLL:
    """The librdkafka that the wheel of confluent-kafka brings, with the types of what is used of it."""
    package = Path(confluent_kafka.__file__).parent
    found = [*package.with_name("confluent_kafka.libs").glob("librdkafka*"), *package.glob(".dylibs/librdkafka*")]
    library = ctypes.CDLL(str(found[0]))
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, gives, takes in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_conf_set", number, [pointer, text, text, text, ctypes.c_size_t]),
        ("rd_kafka_new", pointer, [number, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [pointer]),
        ("rd_kafka_err2str", text, [number]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, number]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        ("rd_kafka_mock_topic_create", number, [pointer, text, number, number]),
        ("rd_kafka_mock_partition_set_leader", number, [pointer, text, ctypes.c_int32, ctypes.c_int32]),
        ("rd_kafka_mock_push_request_errors_array", None, [pointer, ctypes.c_int16, ctypes.c_size_t, pointer]),
        ("rd_kafka_mock_broker_set_rtt", number, [pointer, ctypes.c_int32, number]),
        ("rd_kafka_mock_broker_set_down", number, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_up", number, [pointer, ctypes.c_int32]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = gives, takes
    return library
