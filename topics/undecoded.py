"""Records that are no lines of ours, kept in the journal whole: nothing that was sent is lost."""

import msgspec

from models.errors import MessageIsWrong
from topics import raw

KIND = "record"
"""The journal's kind of such a line; its feed is `kafka`."""
FEED = "kafka"


class Undecoded(msgspec.Struct, frozen=True):
    """A record as it came, and where it lay."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def problem(self) -> MessageIsWrong:
        """What is wrong with it, and where it lay; never what it holds."""
        where = f"{self.topic}, partition {self.partition}, offset {self.offset}"
        try:
            raw.decode(self.value, self.headers)
        except MessageIsWrong as wrong:
            return MessageIsWrong(wrong.reason, f"{where}: {wrong.where}", wrong.shape, wrong.fix)
        fix = "It can be read by this version: produce it again."
        return MessageIsWrong("not_taken", where, "a record that was kept whole", fix)

    def encode(self) -> bytes:
        """The journal line's body."""
        return msgspec.json.encode(self)


def undecoded(body: bytes) -> Undecoded:
    """The record of a journal line."""
    return msgspec.json.decode(body, type=Undecoded)
