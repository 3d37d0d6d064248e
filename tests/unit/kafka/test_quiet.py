"""A library that says the same a thousand times a second is heard a few times."""

import logging

from connectors.kafka.quiet import Throttle, throttle_loggers


def test_each_place_in_the_code_is_heard_a_few_times_in_a_span() -> None:
    now = [0.0]
    throttle = Throttle(lines=2, span_s=10, ticks=lambda: now[0])

    def heard(line: int) -> bool:
        return throttle.filter(logging.LogRecord("aiokafka", logging.ERROR, "conn.py", line, "away", None, None))

    assert [heard(1) for _ in range(4)] == [True, True, False, False]
    assert heard(2)
    now[0] = 10.0
    assert [heard(1) for _ in range(3)] == [True, True, False]


def test_throttling_twice_is_throttling_once() -> None:
    throttle_loggers()
    throttle_loggers()
    assert len(logging.getLogger("aiokafka").filters) == 1
