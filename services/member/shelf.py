"""What was decoded or encoded lately, so that the next message about somebody finds it as it was."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from models.view import View
from services.member.facts import Facts, freeze, thaw

T = TypeVar("T")

ROOM_BYTES = 4 * 1024 * 1024
"""Encoded, some 1,500 ordinary members; decoded, facts take five times as much."""
VIEWS_ROOM_BYTES = 2 * 1024 * 1024
"""Encoded, some 500 members with two dozen contributions each."""

_encode = msgspec.msgpack.Encoder().encode
_view = msgspec.msgpack.Decoder(View).decode


class Shelf(Generic[T]):
    """Things by the bytes that the store holds for them: other bytes are other things, whoever wrote them.

    What comes from here twice is the same object. Not for use by two threads at once.
    """

    def __init__(self, thaw: Callable[[bytes], T], freeze: Callable[[T], bytes], room_bytes: int) -> None:
        self._thaw, self._freeze, self._room = thaw, freeze, room_bytes
        self._kept: OrderedDict[str, tuple[bytes, T]] = OrderedDict()

    def thaw(self, key: str, blob: bytes) -> T:
        """Decode a row's bytes, unless they are known."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != blob:
            return self._keep(key, blob, self._thaw(blob))
        self._kept.move_to_end(key)
        return kept[1]

    def freeze(self, key: str, thing: T) -> bytes:
        """Encode a row's thing, and know it when the row is read again."""
        blob = self._freeze(thing)
        self._keep(key, blob, thing)
        return blob

    def _keep(self, key: str, blob: bytes, thing: T) -> T:
        self._room += len(self._kept.pop(key)[0]) if key in self._kept else 0
        self._kept[key] = (blob, thing)
        self._room -= len(blob)
        while self._room < 0:
            _, (forgotten, _) = self._kept.popitem(last=False)
            self._room += len(forgotten)
        return thing


class Shelves:
    """What batches share: facts, by which `derive` knows them again, and views, most of whose contributions it gives
    again.
    """

    def __init__(self) -> None:
        self.facts: Shelf[Facts] = Shelf(thaw, freeze, ROOM_BYTES)
        self.views: Shelf[View] = Shelf(thaw_view, _encode, VIEWS_ROOM_BYTES)


def thaw_view(blob: bytes) -> View:
    """Decode a view; nothing was derived yet where there are no bytes."""
    return _view(blob) if blob else View()
