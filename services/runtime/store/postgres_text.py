"""Values on their way to PostgreSQL and back: whole columns as one binary array, and texts that may hold U+0000.

PostgreSQL's text cannot hold U+0000, and Python's can. It is written as two characters that sort where it would have
sorted: U+0001 U+0001, and U+0001 itself as U+0001 U+0002. So order and prefixes stay as they are.
"""

import struct
from collections.abc import Iterable, Sequence

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper

_TEXT, _BIGINT, _BYTEA = 25, 20, 17
_HEAD = struct.Struct(">iiIii")  # dimensions, whether there are nulls, the element's type, length, lower bound
_LENGTH, _NUMBER = struct.Struct(">i"), struct.Struct(">iq")
_NULL = _LENGTH.pack(-1)


def escaped(text: str) -> bytes:
    """A text as PostgreSQL may keep it."""
    if "\0" in text or "\1" in text:
        text = text.replace("\1", "\1\2").replace("\0", "\1\1")
    return text.encode()


def plain(data: bytes | bytearray | memoryview) -> str:
    """The text of `escaped`."""
    text = str(data, "utf-8")
    return text.replace("\1\1", "\0").replace("\1\2", "\1") if "\1" in text else text


class Texts(list[str | None]):
    """A column of texts."""


class Numbers(list[int | None]):
    """A column of numbers."""


class Blobs(list[bytes | None]):
    """A column of bytes."""


def adapt(connection: psycopg.Connection) -> None:
    """Teach a connection to take columns, and texts with any character in them."""
    adapters = connection.adapters
    adapters.register_dumper(str, _TextDumper)
    # One type for all numbers: a statement is prepared once, whatever their size.
    adapters.register_dumper(int, Int8BinaryDumper)
    for column, dumper in ((Texts, _TextsDumper), (Numbers, _NumbersDumper), (Blobs, _BlobsDumper)):
        adapters.register_dumper(column, dumper)
    adapters.register_loader(_TEXT, _TextLoader)
    adapters.register_loader(_TEXT, _PlainTextLoader)


class _TextDumper(Dumper):
    format, oid = Format.BINARY, _TEXT

    def dump(self, obj: str) -> bytes:
        return escaped(obj)


class _TextLoader(Loader):
    format = Format.BINARY

    def load(self, data: bytes | bytearray | memoryview) -> str:
        return plain(data)


class _PlainTextLoader(_TextLoader):
    format = Format.TEXT


class _TextsDumper(Dumper):
    format, oid = Format.BINARY, 1009

    def dump(self, obj: Texts) -> bytes:
        return _array(_TEXT, [None if each is None else escaped(each) for each in obj])


class _BlobsDumper(Dumper):
    format, oid = Format.BINARY, 1001

    def dump(self, obj: Blobs) -> bytes:
        return _array(_BYTEA, obj)


class _NumbersDumper(Dumper):
    format, oid = Format.BINARY, 1016

    def dump(self, obj: Numbers) -> bytes:
        pack = _NUMBER.pack
        return _joined(_BIGINT, obj, (_NULL if each is None else pack(8, each) for each in obj))


def _array(oid: int, values: Sequence[bytes | None]) -> bytes:
    pack = _LENGTH.pack
    return _joined(oid, values, (_NULL if each is None else pack(len(each)) + each for each in values))


def _joined(oid: int, values: Sequence[object], elements: Iterable[bytes]) -> bytes:
    return _HEAD.pack(1, int(None in values), oid, len(values), 1) + b"".join(elements)
