"""Every statement the SQLite store runs, by name. A test asks SQLite for the plan of each: none may scan a table,
but for the few that walk one in order and those that count.
"""

# What is looked up by a random word is indexed in runs of numbers, and there by its first letters (migration 3): every
# run is searched. The plus in `+name = ?` keeps SQLite from putting the value into the indexed expression: it would not
# know that again.
_RUNS = """
    WITH RECURSIVE run (run) AS (
        SELECT 0 UNION ALL SELECT run + 1 FROM run WHERE run < ({newest})
    )
"""
_TASK_RUNS = _RUNS.format(newest="SELECT max(number) >> 12 FROM task")
_MESSAGE_RUNS = _RUNS.format(newest="SELECT max(seq) >> 12 FROM message")
_OUTBOX_RUNS = _RUNS.format(newest="SELECT max(position) >> 12 FROM outbox")

# Journal.
HEAD = "SELECT coalesce(max(seq), 0) FROM journal"
LINES = """SELECT seq, feed, received_at, kind, body, sha256, chain FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"""
LINE = "SELECT seq, feed, received_at, kind, body, sha256, chain FROM journal WHERE seq = ?"
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
KEEP_LINE = "INSERT INTO journal (seq, feed, received_at, kind, sha256, chain, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
FEEDS = "SELECT name, seq, chain FROM feed"
FEED_END = "SELECT chain FROM feed WHERE name = ?"
KEEP_FEED_END = """
    INSERT INTO feed (name, seq, chain) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, chain = excluded.chain
"""
ANSWER = "SELECT answer FROM answer WHERE seq = ?"
KEEP_ANSWER = "INSERT OR REPLACE INTO answer (seq, answer) VALUES (?, ?)"
CHECKPOINT = "SELECT ordinals FROM checkpoint WHERE sha256 = ?"
KEEP_CHECKPOINT = """
    INSERT INTO checkpoint (sha256, ordinals) VALUES (?, ?)
    ON CONFLICT (sha256) DO UPDATE SET ordinals = max(ordinals, excluded.ordinals)
"""
CURSOR = "SELECT cursor FROM progress WHERE only = 1"
KEEP_CURSOR = "UPDATE progress SET cursor = ? WHERE only = 1"

# Answers given.
KEEP_ACK = """
    INSERT INTO ack (feed, seq, control_id, received_at, kept_at, code, micros, repeat, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ACKS = """
    SELECT id, feed, seq, control_id, received_at, kept_at, code, micros, repeat, answer FROM ack WHERE seq = ?
"""
ACK_TIMES = "SELECT micros FROM ack WHERE repeat = 0 ORDER BY id DESC LIMIT 10000"

# Source patients.
PATIENT = "SELECT key, facts, neighbours, members, reviews FROM patient WHERE key = ?"
PATIENT_IDENTIFIERS = "SELECT kind, value FROM patient_identifier WHERE key = ? ORDER BY kind, value"
PATIENTS_WITH = "SELECT key FROM patient_identifier WHERE kind = ? AND value = ?"
PARKED = """
    SELECT key, facts, neighbours, members, reviews FROM patient WHERE members = '[]' AND key > ? ORDER BY key LIMIT ?
"""
PATIENT_KEYS = "SELECT key FROM patient WHERE key > ? ORDER BY key LIMIT ?"
TO_REVIEW = """
    SELECT key, facts, neighbours, members, reviews FROM patient WHERE reviews <> '[]' AND key > ? ORDER BY key LIMIT ?
"""
KEEP_PATIENT = """
    INSERT INTO patient (key, facts, neighbours, members, reviews) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET facts = excluded.facts, neighbours = excluded.neighbours,
        members = excluded.members, reviews = excluded.reviews
"""
KEEP_PATIENT_IDENTIFIER = "INSERT OR IGNORE INTO patient_identifier (kind, value, key) VALUES (?, ?, ?)"

# Members.
MEMBER = """
    SELECT facts, view, revisions, derived_at, wake_at, history_from, on_roster
    FROM member JOIN record USING (member_id) WHERE member_id = ?
"""
MEMBER_IDENTIFIERS = "SELECT kind, value FROM member_identifier WHERE member_id = ? ORDER BY kind, value"
MEMBERS_WITH = "SELECT member_id FROM member_identifier WHERE kind = ? AND value = ?"
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
KEEP_MEMBER_IDENTIFIER = "INSERT OR IGNORE INTO member_identifier (kind, value, member_id) VALUES (?, ?, ?)"
WAKE = "UPDATE member SET wake_at = 0 WHERE member_id = ?"
WAKE_ALL = "UPDATE member SET wake_at = 0 WHERE wake_at IS NOT 0"

# Tasks. The filter that selects most leads; a filter that was not given admits all.
_TASK = "SELECT task_id, member_id, rule, state, due_at, mcp_id, ecm_provider_id, lead_cm_id, body FROM task"
_STATES = "state IN (SELECT value FROM json_each(:states))"
_TASK_REST = f"""
    (:states = '[]' OR {_STATES}) AND (:rule = '' OR rule = :rule) AND (:mcp = '' OR mcp_id = :mcp)
    AND (:provider = '' OR ecm_provider_id = :provider) AND (:task_id = '' OR task_id = :task_id)
    ORDER BY due_at NULLS LAST, task_id
"""
TASKS_BY = {
    "task_id": f"""
        {_TASK_RUNS} {_TASK} JOIN run
        WHERE number >> 12 = run AND substr(task_id, 1, 8) = substr(:task_id, 1, 8) AND {_TASK_REST}
    """,
    "provider": f"{_TASK} WHERE ecm_provider_id = :provider AND {_TASK_REST}",
    "states": f"{_TASK} WHERE {_STATES} AND {_TASK_REST}",
    "rule": f"{_TASK} WHERE rule = :rule AND {_TASK_REST}",
    "mcp": f"{_TASK} WHERE mcp_id = :mcp AND {_TASK_REST}",
}
ALL_TASKS = f"{_TASK} ORDER BY due_at NULLS LAST, task_id"
TASKS_OF = """
    SELECT number, task_id, rule, state, mcp_id, ecm_provider_id, lead_cm_id, due_at, body FROM task WHERE member_id = ?
"""
KEEP_TASK = """
    INSERT INTO task (member_id, task_id, rule, state, mcp_id, ecm_provider_id, lead_cm_id, due_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
CHANGE_TASK = "UPDATE task SET due_at = ?, body = ? WHERE number = ?"
CHANGE_TASK_STATE = "UPDATE task SET state = ? WHERE number = ?"
CHANGE_TASK_OWNER = "UPDATE task SET rule = ?, mcp_id = ?, ecm_provider_id = ?, lead_cm_id = ? WHERE number = ?"
DROP_TASK = "DELETE FROM task WHERE number = ?"
COUNT_TASKS = """
    INSERT INTO task_count (rule, state, tasks) VALUES (?, ?, ?)
    ON CONFLICT (rule, state) DO UPDATE SET tasks = tasks + excluded.tasks
"""

# Messages and quarantine.
_MESSAGE = "SELECT name, seq, ordinal, control_id FROM message"
MESSAGES = f"""
    {_MESSAGE_RUNS} {_MESSAGE} JOIN run
    WHERE seq >> 12 = run AND substr(name, 1, 8) = substr(?1, 1, 8) AND +name = ?1
"""
KEEP_MESSAGE = "INSERT OR REPLACE INTO message (name, seq, ordinal, control_id) VALUES (?, ?, ?, ?)"
_QUARANTINE = "SELECT id, feed, seq, ordinal, reason, place, shape, fix, status FROM quarantine"
ALL_QUARANTINED = f"{_QUARANTINE} ORDER BY id"
QUARANTINED_IN = f"{_QUARANTINE} WHERE status = ? ORDER BY id"
QUARANTINED = f"{_QUARANTINE} WHERE id = ?"
QUARANTINE_HEAD = "SELECT coalesce(max(id), 0) FROM quarantine"
KEEP_QUARANTINED = """
    INSERT OR IGNORE INTO quarantine (id, feed, seq, ordinal, reason, place, shape, fix, status)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SETTLE = "UPDATE quarantine SET status = ? WHERE id = ?"

# Outbox, reference data, counters.
_OUTBOX = "SELECT position, effect FROM outbox"
OUTBOX = f"{_OUTBOX} WHERE position > ? ORDER BY position LIMIT ?"
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
OUTBOX_HEAD = "SELECT coalesce(max(position), 0) FROM outbox"
KEEP_EFFECT = "INSERT INTO outbox (position, subject, effect) VALUES (?, ?, ?)"
REFERENCE = "SELECT body FROM reference WHERE name = ?"
KEEP_REFERENCE = "INSERT OR REPLACE INTO reference (name, body) VALUES (?, ?)"
COUNTERS = "SELECT name, lines FROM counter"
ADD_COUNT = """
    INSERT INTO counter (name, lines) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET lines = lines + excluded.lines
"""

# How feeds behave. Sums of a span; spans without messages have no row.
KEEP_TRAFFIC = """
    INSERT INTO feed_slot (feed, slot, messages, bytes, quarantined, repeated, test, skewed, ahead_s, last_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (feed, slot) DO UPDATE SET messages = messages + excluded.messages, bytes = bytes + excluded.bytes,
        quarantined = quarantined + excluded.quarantined, repeated = repeated + excluded.repeated,
        test = test + excluded.test, skewed = skewed + excluded.skewed,
        ahead_s = max(ahead_s, excluded.ahead_s), last_at = max(last_at, excluded.last_at)
"""
KEEP_DELAY = """
    INSERT INTO feed_delay (feed, slot, within_s, messages) VALUES (?, ?, ?, ?)
    ON CONFLICT (feed, slot, within_s) DO UPDATE SET messages = messages + excluded.messages
"""
FORGET_TRAFFIC = {"slots": "DELETE FROM feed_slot", "delays": "DELETE FROM feed_delay"}
HAS_TRAFFIC = "SELECT 1 FROM feed_slot WHERE feed = ? LIMIT 1"
TRAFFIC = """
    SELECT slot / ?1 AS span, sum(messages), sum(bytes), sum(quarantined), sum(repeated), sum(test), sum(skewed),
        max(ahead_s), max(last_at)
    FROM feed_slot WHERE feed = ?2 AND slot >= ?3 AND slot < ?4 GROUP BY span
"""
DELAYS = """
    SELECT slot / ?1 AS span, within_s, sum(messages)
    FROM feed_delay WHERE feed = ?2 AND slot >= ?3 AND slot < ?4 GROUP BY span, within_s
"""
LAST_HEARD = """
    SELECT last_at FROM feed_slot WHERE feed = ? AND slot <= ? AND last_at <= ? ORDER BY slot DESC LIMIT 1
"""
COUNT_ANSWERS = """
    INSERT INTO feed_answer (feed, slot, code, repeat, within_micros, answers) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (feed, slot, code, repeat, within_micros) DO UPDATE SET answers = answers + excluded.answers
"""
ANSWERS = """
    SELECT code, repeat, within_micros, sum(answers) FROM feed_answer
    WHERE feed = ? AND slot >= ? AND slot < ? GROUP BY code, repeat, within_micros
"""
TELLINGS_OF = "SELECT stay_id, feed, first_at FROM stay_told WHERE member_id = ?"
DROP_TELLINGS = "DELETE FROM stay_told WHERE member_id = ?"
KEEP_TELLING = "INSERT INTO stay_told (member_id, stay_id, feed, first_at) VALUES (?, ?, ?, ?)"
TELLINGS = """
    SELECT member_id, stay_id, feed, first_at
    FROM (SELECT DISTINCT member_id, stay_id FROM stay_told WHERE first_at >= ? AND first_at <= ?) AS recent
        JOIN stay_told USING (member_id, stay_id)
    WHERE first_at <= ?
"""
QUARANTINE_DEPTH = "SELECT feed, reason, count(*) FROM quarantine WHERE status = 'waiting' GROUP BY feed, reason"
PATIENTS_OF = "SELECT count(*) FROM patient WHERE key >= ? AND key < ?"
PARKED_OF = "SELECT count(*) FROM patient WHERE members = '[]' AND key >= ? AND key < ?"
KEEP_MEASURED = """
    INSERT INTO measured (name, feed, word, within_micros, total) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name, feed, word, within_micros) DO UPDATE SET total = total + excluded.total
"""
MEASURED = "SELECT name, feed, word, within_micros, total FROM measured"
TASK_COUNTS = "SELECT rule, state, tasks FROM task_count WHERE tasks > 0"

# What measures count.
ADD_MEASURE_COUNT = """
    INSERT INTO measure_count (
        measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum,
        initial_population, denominator, exclusion, exception, numerator, value_micros, units
    )
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum) DO UPDATE SET
        initial_population = measure_count.initial_population + excluded.initial_population,
        denominator = measure_count.denominator + excluded.denominator,
        exclusion = measure_count.exclusion + excluded.exclusion,
        exception = measure_count.exception + excluded.exception,
        numerator = measure_count.numerator + excluded.numerator,
        value_micros = measure_count.value_micros + excluded.value_micros,
        units = measure_count.units + excluded.units
"""
DROP_MEASURE_COUNT = """
    DELETE FROM measure_count
    WHERE measure = ? AND version = ? AND period = ? AND mcp_id = ? AND ecm_provider_id = ? AND lead_cm_id = ?
        AND kind = ? AND stratum = ? AND units = 0
"""
MEASURE_COUNTS = """
    SELECT measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum,
        initial_population, denominator, exclusion, exception, numerator, value_micros, units
    FROM measure_count
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
IN_DOUBT_AT = "SELECT member_id FROM measure_doubt WHERE level = ? AND block = ?"

SIZES = {
    "members": "SELECT count(*) FROM member",
    "patients": "SELECT count(*) FROM patient",
    "parked": "SELECT count(*) FROM patient WHERE members = '[]'",
    "waiting": "SELECT count(*) FROM quarantine WHERE status = 'waiting'",
}
