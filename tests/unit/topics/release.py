"""Writes the shapes of records as they are now into tests/data/topics: what is released there, readers may count on."""

from pathlib import Path

import msgspec

from topics.declared import TOPICS
from topics.schemas import schema_of

FOLDER = Path(__file__).parents[2] / "data" / "topics"

if __name__ == "__main__":
    for topic in TOPICS:
        if topic.value:
            schema = msgspec.json.format(msgspec.json.encode(schema_of(topic), order="sorted"))
            (FOLDER / f"{topic.name}.schema-{topic.schema}.json").write_bytes(schema + b"\n")
