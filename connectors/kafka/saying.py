"""What a broker's errors say to people. aiokafka's own words for a broker that is away show its classes."""

from aiokafka.errors import BrokerResponseError, KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError

from models.errors import WorldIsAway

_BROKERS = "See that the brokers run, and that `kafka.bootstrap` names them."


def away(bootstrap: str, what: str, remedy: str = _BROKERS) -> WorldIsAway:
    """What was found at the brokers' address, and what to do."""
    return WorldIsAway(f"kafka {bootstrap}: {what}.\n  {remedy}")


def said(error: BaseException) -> str:
    """An error in words; of the rarer ones the name by which Kafka's documentation knows it."""
    if isinstance(error, KafkaConnectionError | NodeNotReadyError):
        return "connecting failed: no broker is there, or none can be reached"
    if isinstance(error, TimeoutError | KafkaTimeoutError):
        return "no broker answered in time"
    return type(error).__name__


def told(error: BaseException) -> str:
    """The same, with what a broker's answer adds: of a request for topics, which names nobody."""
    return str(error.args[0]) if isinstance(error, BrokerResponseError) and error.args else said(error)
