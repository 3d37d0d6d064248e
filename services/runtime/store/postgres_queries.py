"""Statements of the PostgreSQL store alone; each says why SQLite's differs, or has none.

Written with `?`, as those in `statements.py`; `postgres_session.py` turns both into PostgreSQL's own.
"""

from services.runtime.store.summing import SUM_TABLES

# Numbers are given from one row that is locked; SQLite's one writer takes those of its last rows.
HEAD = "SELECT journal FROM tail WHERE single = 1"
CURSOR = "SELECT cursor FROM tail WHERE single = 1"
TAIL = "SELECT journal, outbox, quarantine FROM tail WHERE single = 1 FOR UPDATE"
KEEP_TAIL = "UPDATE tail SET journal = ?, outbox = ?, quarantine = ?, cursor = coalesce(?, cursor) WHERE single = 1"

# The newest line that each of those asked repeats, in one call; `kind` is null where any will do. The months that a
# span does not touch are left out while the statement runs.
KNOWN = """
    SELECT asked.number, found.seq, found.received_at
    FROM unnest(?::bigint[], ?::text[], ?::bytea[], ?::text[], ?::bigint[], ?::bigint[])
            AS asked (number, feed, sha256, kind, since, until)
        CROSS JOIN LATERAL (
            SELECT seq, received_at FROM journal
            WHERE sha256 = asked.sha256 AND received_at BETWEEN asked.since AND asked.until AND feed = asked.feed
                AND (asked.kind IS NULL OR kind = asked.kind)
            ORDER BY received_at DESC, seq LIMIT 1
        ) AS found
"""

# The ACK ledger, also of lines whose number was not known when it was written.
KEEP_ACK = """
    INSERT INTO ack (
        feed, seq, sha256, line_received_at, control_id, received_at, kept_at, code, micros, repeat, answer
    )
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ACKS = """
    SELECT id, feed, seq, control_id, received_at, kept_at, code, micros, repeat, answer
    FROM ack WHERE seq IN (VALUES (?)) AND seq > 0
"""
ACKS_BY_CONTENT = """
    SELECT ack.id, ack.feed, journal.seq, ack.control_id, ack.received_at, ack.kept_at, ack.code, ack.micros,
        ack.repeat, ack.answer
    FROM journal JOIN ack ON ack.sha256 = journal.sha256 AND ack.line_received_at = journal.received_at
        AND ack.feed = journal.feed
    WHERE journal.seq IN (VALUES (?))
"""
# First answers to the same content within a span: of lines that stand, and of those that are on their way. The ledger
# has a row for each answer to a message.
ANSWERED_IN_JOURNAL = """
    SELECT asked.number, found.received_at, answer.answer
    FROM unnest(?::bigint[], ?::text[], ?::bytea[], ?::bigint[], ?::bigint[])
            AS asked (number, feed, sha256, since, until)
        CROSS JOIN LATERAL (
            SELECT seq, received_at FROM journal
            WHERE sha256 = asked.sha256 AND received_at BETWEEN asked.since AND asked.until AND feed = asked.feed
            ORDER BY received_at DESC, seq LIMIT 1
        ) AS found
        LEFT JOIN answer USING (seq)
"""
ANSWERED_IN_LEDGER = """
    SELECT asked.number, found.line_received_at, found.answer
    FROM unnest(?::bigint[], ?::text[], ?::bytea[], ?::bigint[], ?::bigint[])
            AS asked (number, feed, sha256, since, until)
        CROSS JOIN LATERAL (
            SELECT line_received_at, string_agg(answer, ?::bytea ORDER BY id) AS answer FROM ack
            WHERE sha256 = asked.sha256 AND line_received_at BETWEEN asked.since AND asked.until
                AND feed = asked.feed AND repeat = 0
            GROUP BY line_received_at ORDER BY line_received_at DESC LIMIT 1
        ) AS found
"""

# Tasks: a list is an array; filters that were not given are left out of the statement.
TASKS_WHERE = {
    "task_id": "task_id = ?",
    "provider": "ecm_provider_id = ?",
    "states": "state = ANY (?::text[])",
    "rule": "rule = ?",
    "mcp": "mcp_id = ?",
}
# By member and id, and all columns at once: a changed row is written anew anyway, and indexes are touched where a value
# differs.
TASKS_OF = """
    SELECT member_id, task_id, rule, state, mcp_id, ecm_provider_id, lead_cm_id, due_at, body
    FROM task WHERE member_id IN (VALUES (?))
"""
CHANGE_TASK = """
    UPDATE task SET rule = new.rule, state = new.state, mcp_id = new.mcp_id, ecm_provider_id = new.ecm_provider_id,
        lead_cm_id = new.lead_cm_id, due_at = new.due_at, body = new.body
    FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?))
        AS new (member_id, task_id, rule, state, mcp_id, ecm_provider_id, lead_cm_id, due_at, body)
    WHERE task.member_id = new.member_id AND task.task_id = new.task_id
"""
DROP_TASK = "DELETE FROM task WHERE (member_id, task_id) IN (VALUES (?, ?))"

# By a random word, over plain indexes.
MESSAGES = "SELECT name, seq, ordinal, control_id FROM message WHERE name IN (VALUES (?))"
OUTBOX_OF = "SELECT position, effect FROM outbox WHERE subject = ? ORDER BY position"
SUBJECTS = "SELECT DISTINCT subject FROM outbox WHERE subject >= ? AND subject < ? ORDER BY subject LIMIT ?"

# Sums lie in shards.
ADD = {table.name: table.adding("shard") for table in SUM_TABLES}
DROP_MEASURE_COUNT = """
    DELETE FROM measure_count
    WHERE (measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum, shard)
            IN (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?))
        AND initial_population = 0 AND denominator = 0 AND exclusion = 0 AND exception = 0 AND numerator = 0
        AND value_micros = 0 AND units = 0
"""

# What workers share; SQLite has one writer.
NEW_CURSORS = """
    INSERT INTO partition_cursor (topic, partition_number, sha256) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
"""
CURSORS = """
    SELECT topic, partition_number, read_to, sha256, clear_until FROM partition_cursor
    WHERE (topic, partition_number) IN (VALUES (?, ?))
"""
READ_UNTIL = "SELECT min(coalesce(clear_until, 0)) FROM partition_cursor"
LOCK_CURSORS = f"{CURSORS} ORDER BY topic, partition_number FOR UPDATE"
MOVE_CURSORS = """
    UPDATE partition_cursor SET read_to = new.read_to, sha256 = new.sha256, clear_until = new.clear_until
    FROM (VALUES (?, ?, ?, ?, ?)) AS new (topic, partition_number, read_to, sha256, clear_until)
    WHERE partition_cursor.topic = new.topic AND partition_cursor.partition_number = new.partition_number
"""
NEW_NAMES = "INSERT INTO name_lock (hash) VALUES (?) ON CONFLICT DO NOTHING"
NAMES = "SELECT hash FROM name_lock WHERE hash IN (VALUES (?))"
LOCK_NAMES = f"{NAMES} ORDER BY hash FOR UPDATE"
TRY_NAMES = f"{NAMES} ORDER BY hash FOR UPDATE SKIP LOCKED"
RAISE_EPOCH = """
    INSERT INTO worker (instance, epoch) VALUES (?, 1)
    ON CONFLICT (instance) DO UPDATE SET epoch = worker.epoch + 1 RETURNING epoch
"""
EPOCH = "SELECT epoch FROM worker WHERE instance = ? FOR SHARE"
EXPORT = "SELECT pg_export_snapshot()"
NOW = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
