"""Statements that both stores run as they are, by name; what must differ is in `sqlite_queries.py` and
`postgres_queries.py`. Tests ask each database for the plan of each statement: none may scan a table, but for the few
that walk one in order and those that count.
"""

# Journal.
LINES = """SELECT seq, feed, received_at, kind, body, sha256, chain FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"""
LINE = "SELECT seq, feed, received_at, kind, body, sha256, chain FROM journal WHERE seq = ?"
KEEP_LINE = "INSERT INTO journal (seq, feed, received_at, kind, sha256, chain, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
FEED_ENDS = "SELECT name, seq, chain FROM feed"
FEED_ENDS_OF = "SELECT name, chain FROM feed WHERE name IN (VALUES (?))"
KEEP_FEED_END = """
    INSERT INTO feed (name, seq, chain) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, chain = excluded.chain
"""
ANSWERS_TO = "SELECT seq, answer FROM answer WHERE seq IN (VALUES (?))"
KEEP_ANSWER = """
    INSERT INTO answer (seq, answer) VALUES (?, ?) ON CONFLICT (seq) DO UPDATE SET answer = excluded.answer
"""
CHECKPOINT = "SELECT ordinals FROM checkpoint WHERE sha256 = ?"
KEEP_CHECKPOINT = """
    INSERT INTO checkpoint (sha256, ordinals) VALUES (?, ?)
    ON CONFLICT (sha256) DO UPDATE SET
        ordinals = CASE WHEN excluded.ordinals > checkpoint.ordinals THEN excluded.ordinals ELSE checkpoint.ordinals END
"""
ACK_TIMES = "SELECT micros FROM ack WHERE repeat = 0 ORDER BY id DESC LIMIT 10000"

# Source patients.
_PATIENT = "SELECT key, facts, neighbours, members, reviews FROM patient"
PATIENTS = f"{_PATIENT} WHERE key IN (VALUES (?))"
PATIENT_IDENTIFIERS = "SELECT key, kind, value FROM patient_identifier WHERE key IN (VALUES (?))"
PATIENTS_WITH = "SELECT key FROM patient_identifier WHERE (kind, value) IN (VALUES (?, ?))"
PARKED = f"{_PATIENT} WHERE members = '[]' AND key > ? ORDER BY key LIMIT ?"
PATIENT_KEYS = "SELECT key FROM patient WHERE key > ? ORDER BY key LIMIT ?"
TO_REVIEW = f"{_PATIENT} WHERE reviews <> '[]' AND key > ? ORDER BY key LIMIT ?"
KEEP_PATIENT = """
    INSERT INTO patient (key, facts, neighbours, members, reviews) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET facts = excluded.facts, neighbours = excluded.neighbours,
        members = excluded.members, reviews = excluded.reviews
"""
KEEP_PATIENT_IDENTIFIER = """
    INSERT INTO patient_identifier (kind, value, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
"""

# Members.
MEMBERS = """
    SELECT member_id, facts, view, revisions, derived_at, wake_at, history_from, on_roster
    FROM member JOIN record USING (member_id) WHERE member_id IN (VALUES (?))
"""
MEMBER_IDENTIFIERS = "SELECT member_id, kind, value FROM member_identifier WHERE member_id IN (VALUES (?))"
MEMBERS_WITH = "SELECT member_id FROM member_identifier WHERE (kind, value) IN (VALUES (?, ?))"
MEMBER_IDS = "SELECT member_id FROM member WHERE member_id > ? ORDER BY member_id LIMIT ?"
DUE = "SELECT member_id FROM member WHERE wake_at <= ? ORDER BY wake_at, member_id LIMIT ?"
NEXT_WAKE = "SELECT min(wake_at) FROM member WHERE wake_at IS NOT NULL"
KEEP_MEMBER = """
    INSERT INTO member (member_id, derived_at, wake_at, history_from, on_roster) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (member_id) DO UPDATE SET derived_at = excluded.derived_at, wake_at = excluded.wake_at,
        history_from = excluded.history_from, on_roster = excluded.on_roster
"""
KEEP_RECORD = """
    INSERT INTO record (member_id, facts, view, revisions) VALUES (?, ?, ?, ?)
    ON CONFLICT (member_id) DO UPDATE SET facts = excluded.facts, view = excluded.view, revisions = excluded.revisions
"""
KEEP_MEMBER_IDENTIFIER = """
    INSERT INTO member_identifier (kind, value, member_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
"""
WAKE = """
    UPDATE member SET wake_at = 0 WHERE member_id IN (VALUES (?)) AND (wake_at IS NULL OR wake_at <> 0)
"""
WAKE_ALL = "UPDATE member SET wake_at = 0 WHERE wake_at IS NULL OR wake_at <> 0"

# Tasks.
TASK = "SELECT task_id, member_id, rule, state, due_at, mcp_id, ecm_provider_id, lead_cm_id, body FROM task"
TASK_ORDER = "ORDER BY due_at NULLS LAST, task_id"
ALL_TASKS = f"{TASK} {TASK_ORDER}"
KEEP_TASK = """
    INSERT INTO task (member_id, task_id, rule, state, mcp_id, ecm_provider_id, lead_cm_id, due_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
TASK_COUNTS = """
    SELECT rule, state, CAST(sum(tasks) AS BIGINT) FROM task_count GROUP BY rule, state HAVING sum(tasks) > 0
"""

# Messages and quarantine.
KEEP_MESSAGE = """
    INSERT INTO message (name, seq, ordinal, control_id) VALUES (?, ?, ?, ?)
    ON CONFLICT (seq, ordinal) DO UPDATE SET name = excluded.name, control_id = excluded.control_id
"""
_QUARANTINE = "SELECT id, feed, seq, ordinal, reason, place, shape, fix, status FROM quarantine"
ALL_QUARANTINED = f"{_QUARANTINE} ORDER BY id"
QUARANTINED_IN = f"{_QUARANTINE} WHERE status = ? ORDER BY id"
QUARANTINED = f"{_QUARANTINE} WHERE id = ?"
QUARANTINED_AT = "SELECT seq, ordinal FROM quarantine WHERE (seq, ordinal) IN (VALUES (?, ?))"
KEEP_QUARANTINED = """
    INSERT INTO quarantine (id, feed, seq, ordinal, reason, place, shape, fix, status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SETTLE = "UPDATE quarantine SET status = ? WHERE id = ?"
QUARANTINE_DEPTH = "SELECT feed, reason, count(*) FROM quarantine WHERE status = 'waiting' GROUP BY feed, reason"

# Outbox, reference data, counters.
OUTBOX = "SELECT position, effect FROM outbox WHERE position > ? ORDER BY position LIMIT ?"
KEEP_EFFECT = "INSERT INTO outbox (position, subject, effect) VALUES (?, ?, ?)"
REFERENCE = "SELECT body FROM reference WHERE name = ?"
KEEP_REFERENCE = """
    INSERT INTO reference (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body
"""
COUNTERS = "SELECT name, CAST(sum(lines) AS BIGINT) FROM counter GROUP BY name"

# How feeds behave. Sums of a span; spans without messages have no row. What is summed may lie in several shards.
FORGET_TRAFFIC = {"slots": "DELETE FROM feed_slot", "delays": "DELETE FROM feed_delay"}
HAS_TRAFFIC = "SELECT 1 FROM feed_slot WHERE feed = ? LIMIT 1"
TRAFFIC = """
    SELECT slot / ? AS span, CAST(sum(messages) AS BIGINT), CAST(sum(bytes) AS BIGINT),
        CAST(sum(quarantined) AS BIGINT), CAST(sum(repeated) AS BIGINT), CAST(sum(test) AS BIGINT),
        CAST(sum(skewed) AS BIGINT), max(ahead_s), max(last_at)
    FROM feed_slot WHERE feed = ? AND slot >= ? AND slot < ? GROUP BY span ORDER BY span
"""
DELAYS = """
    SELECT slot / ? AS span, within_s, CAST(sum(messages) AS BIGINT)
    FROM feed_delay WHERE feed = ? AND slot >= ? AND slot < ? GROUP BY span, within_s
"""
LAST_HEARD = """
    SELECT last_at FROM feed_slot WHERE feed = ? AND slot <= ? AND last_at <= ?
    ORDER BY slot DESC, last_at DESC LIMIT 1
"""
ANSWERS = """
    SELECT code, repeat, within_micros, CAST(sum(answers) AS BIGINT) FROM feed_answer
    WHERE feed = ? AND slot >= ? AND slot < ? GROUP BY code, repeat, within_micros ORDER BY code, repeat, within_micros
"""
TELLINGS_OF = "SELECT member_id, stay_id, feed, first_at FROM stay_told WHERE member_id IN (VALUES (?))"
DROP_TELLINGS = "DELETE FROM stay_told WHERE member_id IN (VALUES (?))"
KEEP_TELLING = "INSERT INTO stay_told (member_id, stay_id, feed, first_at) VALUES (?, ?, ?, ?)"
TELLINGS = """
    SELECT member_id, stay_id, feed, first_at
    FROM (SELECT DISTINCT member_id, stay_id FROM stay_told WHERE first_at >= ? AND first_at <= ?) AS recent
        JOIN stay_told USING (member_id, stay_id)
    WHERE first_at <= ?
"""
PATIENTS_OF = "SELECT count(*) FROM patient WHERE key >= ? AND key < ?"
PARKED_OF = "SELECT count(*) FROM patient WHERE members = '[]' AND key >= ? AND key < ?"
MEASURED = """
    SELECT name, feed, word, within_micros, CAST(sum(total) AS BIGINT) FROM measured
    GROUP BY name, feed, word, within_micros
"""

# What measures count.
MEASURE_COUNTS = """
    SELECT measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum,
        CAST(sum(initial_population) AS BIGINT), CAST(sum(denominator) AS BIGINT), CAST(sum(exclusion) AS BIGINT),
        CAST(sum(exception) AS BIGINT), CAST(sum(numerator) AS BIGINT), CAST(sum(value_micros) AS BIGINT),
        CAST(sum(units) AS BIGINT)
    FROM measure_count
    GROUP BY measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum
    HAVING sum(initial_population) <> 0 OR sum(denominator) <> 0 OR sum(exclusion) <> 0 OR sum(exception) <> 0
        OR sum(numerator) <> 0 OR sum(value_micros) <> 0 OR sum(units) <> 0
"""
KEEP_MEASURE_CHANGE = "INSERT INTO measure_change (at, member_id, change) VALUES (?, ?, ?)"
MEASURE_CHANGES = """
    SELECT number, at, member_id, change FROM measure_change WHERE (at, number) > (?, ?) ORDER BY at, number LIMIT ?
"""
KEEP_MEASURE_DOUBT = """
    INSERT INTO measure_doubt (level, block, member_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
"""
IN_DOUBT = {
    "late": "SELECT member_id FROM member WHERE wake_at <= ?",
    "new": "SELECT member_id FROM member WHERE history_from > ?",
}
IN_DOUBT_AT = "SELECT member_id FROM measure_doubt WHERE (level, block) IN (VALUES (?, ?))"

SIZES = {
    "members": "SELECT count(*) FROM member",
    "patients": "SELECT count(*) FROM patient",
    "parked": "SELECT count(*) FROM patient WHERE members = '[]'",
    "waiting": "SELECT count(*) FROM quarantine WHERE status = 'waiting'",
}
