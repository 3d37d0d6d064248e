"""What PostgreSQL's errors mean to a caller: wait, look at the database, or our own broken promise."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsStrange

_OF_VALUES = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded)
"""What may lie in what was to be written (22, 23, and 54000: a value too large for its index), and is held against it.
All else is the world's, whatever it is: lines wait, with health red, and none goes to quarantine for it."""
_REMEDIES = {
    "08": "Look whether it runs.",
    "25": "It was given up: try again.",  # an idle transaction was ended
    "28": "Look at the user and the password.",
    "3D": "Create the database first.",
    "40": "Others were at the same rows: try again.",  # serialization failure, deadlock
    "53": "Free some space on its disk, or let it have more memory.",
    "55": "Others hold the same rows: try again.",
    "57": "Look whether it runs.",
    "58": "Look at its disk.",
}
"""By the first two letters of SQLSTATE."""
_LOOK = "Look at its log."
_ENDED, _TOO_LONG = ("08", "57"), "57014"
_READ_ONLY = "25006"
_STALE = (_READ_ONLY, "26000", "0A000")
"""A new connection may find what this one lacks: the right to write, a prepared statement, the present tables."""
_NO_RIGHT, _NO_TABLE, _NO_SCHEMA, _NO_MONTH = "42501", "42P01", "3F000", "23514"
_OF_OTHERS = ("38", "39", "P0")
"""Functions and triggers that somebody added: their messages may name a value, which may be a person's."""
_FULL = ("too many clients", "too many connections", "connection slots are reserved")
"""SQLSTATE 53300: who is not let in hears no code, only words."""
_NO_PASSWORD = ("no password supplied", "password authentication failed")


def translated(error: psycopg.Error, place: str) -> Exception:
    """Say what an error means. Its details are left out: they show rows."""
    state = error.sqlstate or ""
    said = (error.diag.message_primary or str(error).strip() or type(error).__name__).splitlines()[0]
    if state == _NO_RIGHT:
        return WorldIsAway(f"{place}: {said}. Give the user the right to create and use the schema.")
    if state in (_NO_TABLE, _NO_SCHEMA):
        return StoreIsStrange(f"{place}: {said}. The schema was dropped or is being restored; start again after that.")
    if state == _NO_MONTH:
        return WorldIsAway(f"{place}: the journal has lost a month's table: try again.")
    if state == _READ_ONLY:
        return WorldIsAway(
            f"{place}: the database is read-only. Name the primary in `store:` if this is a standby; otherwise look who"
            " has set `default_transaction_read_only`."
        )
    if isinstance(error, _OF_VALUES):
        what = error.diag.constraint_name or error.diag.table_name or "a value"
        return AssertionError(f"a promise to the store was broken: {state} {type(error).__name__}: {what}")
    if state[:2] in _OF_OTHERS:
        said = f"a function or trigger in it says no ({state} {type(error).__name__})"
    is_gone = not state and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
    remedy = _REMEDIES.get("08" if is_gone else state[:2], _LOOK)
    return WorldIsAway(f"{place}: the store cannot be used now: {said}. {remedy}")


def not_let_in(error: psycopg.OperationalError, place: str) -> WorldIsAway:
    """Say why there is no connection."""
    said = str(error).strip().splitlines()[0]
    if any(words in str(error) for words in _FULL):
        return WorldIsAway(
            f"{place}: the database has no connection free: {said}.\n"
            "  Raise its `max_connections`, or the limit of its user; each process of ours needs up to ten."
        )
    if any(words in str(error) for words in _NO_PASSWORD):
        return WorldIsAway(
            f"{place}: the database does not let us in: {said}.\n"
            "  Set PGPASSWORD, or name a file in PGPASSFILE (its mode 0600), or correct the user in `store:`."
        )
    return WorldIsAway(
        f"{place}: the database cannot be reached: {said}.\n  Start it, or correct `store:` in the settings."
    )


def is_lost(error: BaseException) -> bool:
    """Whether an error says that connections are gone or of no more use, not only a statement."""
    if not isinstance(error, psycopg.Error):
        return False
    if state := error.sqlstate:
        return state in _STALE or (state[:2] in _ENDED and state != _TOO_LONG)
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


@contextmanager
def errors_translated(place: str) -> Iterator[None]:
    """Raise what `translated` makes of an error."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, place) from None  # the original shows the values of rows
