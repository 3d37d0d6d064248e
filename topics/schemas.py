"""Describes the shape of a topic's records as JSON Schema, and says what a newer shape would break for a reader."""

from collections.abc import Iterator
from typing import Any

import msgspec

from topics.topic import Topic

Schema = dict[str, Any]


def schema_of(topic: Topic) -> Schema:
    """The shape of a topic's records. Topics of raw bytes have none."""
    assert topic.value is not None, f"{topic.name} carries bytes as they came"
    return msgspec.json.schema(topic.value)


def broken(released: Schema, present: Schema) -> list[str]:
    """What a reader of released records would miss in present ones: empty when all that came is fields with a default.

    Each is told as `StatusRecord.revision: ...`.
    """
    before, now = released.get("$defs", {}), present.get("$defs", {})
    gone = [f"{name}: is gone" for name in sorted(before.keys() - now.keys())]
    return gone + [problem for name in sorted(before.keys() & now.keys()) for problem in _of(name, before, now)]


def _of(name: str, before: Schema, now: Schema) -> Iterator[str]:
    old, new = before[name], now[name]
    fields, present = old.get("properties", {}), new.get("properties", {})
    for field in sorted(fields.keys() - present.keys()):
        yield f"{name}.{field}: is gone"
    for field in sorted(fields.keys() & present.keys()):
        if fields[field] != present[field]:
            yield f"{name}.{field}: has another type"
    required, was_required = set(new.get("required", ())), set(old.get("required", ()))
    for field in sorted(required - was_required):
        yield f"{name}.{field}: is required now, and older records lack it"
    for field in sorted((was_required - required) & present.keys()):
        yield f"{name}.{field}: may be absent now, and readers count on it"
