"""Records of Kafka as the cluster sees them."""

from hashlib import sha256

import msgspec

from models.time import Instant


class Record(msgspec.Struct, frozen=True):
    """A record as it came. `topic` is the declared name, without namespace; `at` is what the producer gave it."""

    topic: str
    partition: int
    offset: int
    at: Instant
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def place(self) -> tuple[str, int]:
        """The partition it lies in."""
        return self.topic, self.partition

    @property
    def sha256(self) -> bytes:
        """What the cursor remembers of it."""
        return sha256(self.value or b"").digest()

    def __str__(self) -> str:
        return f"{self.topic}, partition {self.partition}, offset {self.offset}"
