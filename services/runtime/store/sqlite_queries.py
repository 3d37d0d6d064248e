"""Statements of the SQLite store alone. Each says why PostgreSQL cannot run it, or need not.

What is looked up by a random word is indexed in runs of numbers, and there by its first letters (migration 3): every
run is searched. PostgreSQL has plain indexes for that. The plus in `+name = ?` keeps SQLite from putting the value into
the indexed expression: it would not know that again.
"""

from services.runtime.store.statements import TASK, TASK_ORDER
from services.runtime.store.summing import SUM_TABLES

_RUNS = """
    WITH RECURSIVE run (run) AS (
        SELECT 0 UNION ALL SELECT run + 1 FROM run WHERE run < ({newest})
    )
"""
_TASK_RUNS = _RUNS.format(newest="SELECT max(number) >> 12 FROM task")
_MESSAGE_RUNS = _RUNS.format(newest="SELECT max(seq) >> 12 FROM message")
_OUTBOX_RUNS = _RUNS.format(newest="SELECT max(position) >> 12 FROM outbox")

# The journal's head is its last row; PostgreSQL gives numbers from one row that is locked.
HEAD = "SELECT coalesce(max(seq), 0) FROM journal"
TAIL = """
    SELECT (SELECT coalesce(max(seq), 0) FROM journal), (SELECT coalesce(max(position), 0) FROM outbox),
        (SELECT coalesce(max(id), 0) FROM quarantine)
"""
CURSOR = "SELECT cursor FROM progress WHERE only = 1"
KEEP_CURSOR = "UPDATE progress SET cursor = ? WHERE only = 1"
KNOWN_EXACTLY = """
    SELECT seq FROM journal
    WHERE received_at / 604800000000 = ?3 / 604800000000 AND substr(sha256, 1, 8) = substr(?2, 1, 8)
        AND received_at BETWEEN ?3 AND ?3 AND feed = ?1 AND +sha256 = ?2 AND kind = ?4
"""
# Seven days lie in two weeks.
KNOWN_WITHIN = """
    SELECT seq, max(received_at) FROM journal
    WHERE received_at / 604800000000 IN (?3 / 604800000000, ?4 / 604800000000)
        AND substr(sha256, 1, 8) = substr(?2, 1, 8) AND received_at BETWEEN ?3 AND ?4 AND feed = ?1 AND +sha256 = ?2
"""

# Answers given: to a line whose number is known. In the cluster it may not be known yet.
KEEP_ACK = """
    INSERT INTO ack (feed, seq, control_id, received_at, kept_at, code, micros, repeat, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ACKS = """
    SELECT id, feed, seq, control_id, received_at, kept_at, code, micros, repeat, answer FROM ack WHERE seq = ?
"""

# Tasks. The filter that selects most leads; a filter that was not given admits all. A list is a JSON text.
_STATES = "state IN (SELECT value FROM json_each(:states))"
_TASK_REST = f"""
    (:states = '[]' OR {_STATES}) AND (:rule = '' OR rule = :rule) AND (:mcp = '' OR mcp_id = :mcp)
    AND (:provider = '' OR ecm_provider_id = :provider) AND (:task_id = '' OR task_id = :task_id)
    {TASK_ORDER}
"""
TASKS_BY = {
    "task_id": f"""
        {_TASK_RUNS} {TASK} JOIN run
        WHERE number >> 12 = run AND substr(task_id, 1, 8) = substr(:task_id, 1, 8) AND {_TASK_REST}
    """,
    "provider": f"{TASK} WHERE ecm_provider_id = :provider AND {_TASK_REST}",
    "states": f"{TASK} WHERE {_STATES} AND {_TASK_REST}",
    "rule": f"{TASK} WHERE rule = :rule AND {_TASK_REST}",
    "mcp": f"{TASK} WHERE mcp_id = :mcp AND {_TASK_REST}",
}
# By its number, and the columns apart: an UPDATE moves the entries of every index on a column that it names, also where
# the value stays. PostgreSQL writes a new row for every UPDATE, and compares the values.
TASKS_OF = """
    SELECT member_id, task_id, rule, state, mcp_id, ecm_provider_id, lead_cm_id, due_at, body, number
    FROM task WHERE member_id IN (VALUES (?))
"""
CHANGE_TASK = "UPDATE task SET due_at = ?, body = ? WHERE number = ?"
CHANGE_TASK_STATE = "UPDATE task SET state = ? WHERE number = ?"
CHANGE_TASK_OWNER = "UPDATE task SET rule = ?, mcp_id = ?, ecm_provider_id = ?, lead_cm_id = ? WHERE number = ?"
DROP_TASK = "DELETE FROM task WHERE number = ?"

# Messages and the outbox, by a random word.
_MESSAGE = "SELECT name, seq, ordinal, control_id FROM message"
MESSAGES = f"""
    {_MESSAGE_RUNS} {_MESSAGE} JOIN run
    WHERE seq >> 12 = run AND substr(name, 1, 8) = substr(?1, 1, 8) AND +name = ?1
"""
_OUTBOX = "SELECT position, effect FROM outbox"
OUTBOX_OF = f"""
    {_OUTBOX_RUNS} {_OUTBOX} JOIN run
    WHERE position >> 12 = run AND substr(subject, 1, 8) = substr(?1, 1, 8) AND +subject = ?1
    ORDER BY position
"""
# What begins with a text lies between the text, and the text with the last of all characters behind it.
_SUBJECTS = "SELECT DISTINCT subject FROM outbox"
SUBJECTS = f"""
    {_OUTBOX_RUNS} {_SUBJECTS} JOIN run
    WHERE position >> 12 = run AND substr(subject, 1, 8) >= substr(?1, 1, 8)
        AND substr(subject, 1, 8) < substr(?1, 1, 8) || char(0x10ffff)
        AND subject >= ?1 AND subject < ?1 || char(0x10ffff)
    ORDER BY subject LIMIT ?2
"""

# Sums have no shards, since there is one writer; so what a unit leaves behind is zero, and goes.
ADD = {table.name: table.adding() for table in SUM_TABLES}
DROP_MEASURE_COUNT = """
    DELETE FROM measure_count
    WHERE measure = ? AND version = ? AND period = ? AND mcp_id = ? AND ecm_provider_id = ? AND lead_cm_id = ?
        AND kind = ? AND stratum = ? AND units = 0
"""
