"""What PostgreSQL's errors mean to a caller: wait, look at the database, or our own broken promise."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsStrange

_AWAY = {
    "08": "Look whether it runs.",
    "25": "It was given up: try again.",  # an idle transaction was ended, or the server has become a replica
    "40": "Others were at the same rows: try again.",  # serialization failure, deadlock
    "53": "Free some space on its disk, or let it have more memory or connections.",
    "55": "Others hold the same rows: try again.",
    "57": "Look whether it runs.",
    "58": "Look at its disk.",
    "28": "Look at the user and the password.",
    "3D": "Create the database first.",
    "XX": "Look at its log.",
}
"""The world's faults by the first two letters of SQLSTATE, and what to do."""
_ENDED, _TOO_LONG = ("08", "57"), "57014"
_NO_RIGHT, _NO_TABLE, _NO_SCHEMA, _NO_MONTH = "42501", "42P01", "3F000", "23514"
_TELLING = ("42", "3F")
"""Their messages name tables and columns; others may name a value, which may be a person's."""


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
    if state[:2] in _AWAY:
        return WorldIsAway(f"{place}: the store cannot be used now: {said}. {_AWAY[state[:2]]}")
    if not state and isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return WorldIsAway(f"{place}: the store cannot be used now: {said}. {_AWAY['08']}")
    what = said if state[:2] in _TELLING else error.diag.constraint_name or error.diag.table_name or "a value"
    return AssertionError(f"a promise to the store was broken: {state} {type(error).__name__}: {what}")


def is_lost(error: BaseException) -> bool:
    """Whether an error says that connections are gone, not only a statement."""
    if not isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return False
    state = error.sqlstate or ""
    return state != _TOO_LONG and (not state or state[:2] in _ENDED)


@contextmanager
def errors_translated(place: str) -> Iterator[None]:
    """Raise what `translated` makes of an error."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, place) from None  # the original shows the values of rows
