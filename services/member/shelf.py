"""Facts that were decoded or encoded lately, so that the next message about somebody finds them as they were."""

from collections import OrderedDict

from services.member.facts import Facts, freeze, thaw

ROOM_BYTES = 4 * 1024 * 1024
"""Encoded, some 1,500 ordinary members; decoded, facts take five times as much."""


class Shelf:
    """Facts by the bytes that the store holds for them: other bytes are other facts, whoever wrote them.

    Facts that come from here twice are the same objects, by which `derive` knows them again. Not for use by two
    threads at once.
    """

    def __init__(self, room_bytes: int = ROOM_BYTES) -> None:
        self._room = room_bytes
        self._kept: OrderedDict[str, tuple[bytes, Facts]] = OrderedDict()

    def thaw(self, key: str, blob: bytes) -> Facts:
        """Decode a row's bytes, unless they are known."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != blob:
            return self._keep(key, blob, thaw(blob))
        self._kept.move_to_end(key)
        return kept[1]

    def freeze(self, key: str, facts: Facts) -> bytes:
        """Encode a row's facts, and know them when the row is read again."""
        blob = freeze(facts)
        self._keep(key, blob, facts)
        return blob

    def _keep(self, key: str, blob: bytes, facts: Facts) -> Facts:
        self._room += len(self._kept.pop(key)[0]) if key in self._kept else 0
        self._kept[key] = (blob, facts)
        self._room -= len(blob)
        while self._room < 0:
            _, (forgotten, _) = self._kept.popitem(last=False)
            self._room += len(forgotten)
        return facts
