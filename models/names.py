"""Names that become part of a store's keys: of feeds, patients, members, plans, providers, strata. They have a bound.

PostgreSQL takes keys of up to 2,704 bytes. The longest are made of a plan's member number beside a patient's key, which
is three names, each up to three times as long where bars are escaped: some 2,200 in all; or of a counter's owner, three
names, and its stratum. SQLite would take any; both stores refuse the same, so that the same lines say the same.
"""

from models.errors import MessageIsWrong

NAME_BYTES = 200
"""Of UTF-8, where a plain letter or digit is one byte."""


def size_of(name: str) -> int:
    """How many bytes of a key it takes."""
    return len(name.encode(errors="surrogatepass"))


def short(name: str, where: str, most: int = NAME_BYTES) -> str:
    """The name as it is.

    Raises:
        MessageIsWrong: it is too long to be part of a key (`too_long`).
    """
    if size_of(name) > most:
        raise MessageIsWrong("too_long", where, f"{size_of(name)} bytes", f"Write at most {most} bytes.")
    return name
