"""Makes `docs/reference/topics.md` from the declarations: `python -m topics.page > docs/reference/topics.md`."""

import sys
from collections.abc import Iterator, Sequence

from topics import raw
from topics.declared import TOPICS
from topics.schemas import Schema, schema_of
from topics.topic import MIB, Topic

_HEAD = """# Topics

The streams of a cluster, [made and compared](cli.md#topics-apply) by `warmhandoff topics apply|check`. On the broker
each name is preceded by the installation's: `w1a2b3c4d.feeds.raw.v1`, where `w1a2b3c4d` is made of what `--store`
names. One program writes to a topic; anybody may read. How many partitions a topic has, and on how many brokers each
record lies, the [settings](settings.md) may say. A producer awaits `acks=all`. Records stay packed as they were
written, whatever the broker's default (`compression.type=producer`): ours are not.

"""
_PROMISE = """
## What leaves the system

A consumer may meet a record twice, after a fault: `id` is the same then, and so is the content. The records of a
member, of a counter, of a quarantined message keep their order. Each record has the header `schema`; a shape gains
fields with a default under the same number, and anything else is a new topic.

To follow tasks or measures:

1. Read what is committed only (`isolation.level=read_committed`), from the beginning (`auto.offset.reset=earliest`).
2. Leave out an `id` that you have.
3. Of each `subject` the greatest `revision` is how it stands; in `members.tasks.v1` and in `measures.status.v1` the
   revisions of a subject have no gap, as long as no record was removed by age or by compaction. A task that is
   `cancelled` for the reason `cause_removed` stands no more; `warmhandoff tasks` does not list it.
4. When the header `history` is greater than ever before, forget what came under smaller ones: an older backup of the
   store was restored, and all of it is told anew. Until then it never changes.

A counter's record is how it stands; it comes once a second at most, and one without a value says that the counter is
gone.
"""
_COLUMNS = ("topic", "is", "key", "partition by", "partitions", "kept", "written by", "read by")


def page() -> str:
    """The whole page."""
    shapes = dict.fromkeys(topic.value for topic in TOPICS if topic.value)
    shaped = [part for shape in shapes for part in _shape([topic for topic in TOPICS if topic.value is shape])]
    return "".join([_HEAD, *_table(), _lines_received(), _PROMISE, *shaped])


def _table() -> Iterator[str]:
    yield _row(_COLUMNS)
    yield "|---" * len(_COLUMNS) + "|\n"
    for topic in TOPICS:
        partitions = f"{topic.partitions}{', more may be added' if topic.grows else ''}"
        told = (topic.doc, topic.key, topic.place, partitions, _kept(topic), topic.written_by, topic.read_by)
        yield _row((f"`{topic.name}`", *told))


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def _kept(topic: Topic) -> str:
    if topic.kept_for:
        return f"{topic.kept_for.days} days"
    every = f"; every record for {topic.read_within.days} days" if topic.read_within else ""
    return f"the newest of each key, for good{every}"


def _lines_received() -> str:
    """Of raw records: the table of headers stands where they are written and read."""
    assert raw.__doc__
    headers = raw.__doc__[raw.__doc__.index("| header") :].strip()
    longest = max(topic.record_bytes_max for topic in TOPICS) // MIB
    told = f"A record of at most {longest} MiB: the value is the body as it came, headers say the rest."
    return f"\n## Lines received\n\n{told}\n\n{headers}\n"


def _shape(topics: Sequence[Topic]) -> Iterator[str]:
    """What topics of one shape carry."""
    schema = schema_of(topics[0])
    name = schema["$ref"].rpartition("/")[2]
    shapes = schema["$defs"]
    yield f"\n### {', '.join(f'`{topic.name}`' for topic in topics)}: schema {topics[0].schema}\n\n"
    yield f"{shapes[name]['description']}\n\n| field | is |\n|---|---|\n"
    for field, kind in shapes[name]["properties"].items():
        yield _row((f"`{field}`", _said(kind, shapes)))


def _said(kind: Schema, shapes: Schema) -> str:
    """A type in words, an object inside with the names of its fields."""
    if "anyOf" in kind:
        return " or ".join(_said(each, shapes) for each in kind["anyOf"])
    if "$ref" in kind:
        return "{" + ", ".join(shapes[kind["$ref"].rpartition("/")[2]]["properties"]) + "}"
    if "enum" in kind:
        return ", ".join("null" if word is None else f"`{word}`" for word in kind["enum"])
    if kind["type"] == "array":
        return f"list of {_said(kind['items'], shapes)}"
    return {"date-time": "instant, ISO 8601 in UTC", "date": "date"}.get(kind.get("format", ""), str(kind["type"]))


if __name__ == "__main__":
    sys.stdout.write(page())
