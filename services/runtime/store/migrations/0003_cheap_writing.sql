-- Writing costs nearly the same however large the store is. What is looked up by a random word (a task's id, a message's
-- name, a line's hash) is indexed in runs, of 4,096 numbers or of a week, and there by its first letters: a new row lands
-- in the newest run, on pages that are in use anyway, not on a page of its own somewhere in an index over everything.
-- Who looks a word up searches every run, some microseconds each. People do that; messages do not.

-- A task keeps its number for as long as it stands: a change of state moves no row and touches one index.
CREATE TABLE task_anew (
    number INTEGER PRIMARY KEY,
    member_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    mcp_id TEXT NOT NULL,
    ecm_provider_id TEXT NOT NULL,
    lead_cm_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
INSERT INTO task_anew
SELECT rowid, member_id, task_id, rule, state, due_at, mcp_id, ecm_provider_id, lead_cm_id, body FROM task ORDER BY rowid;
DROP TABLE task;
ALTER TABLE task_anew RENAME TO task;
CREATE INDEX task_member ON task (member_id);
CREATE INDEX task_named ON task (number >> 12, substr(task_id, 1, 8));
CREATE INDEX task_state ON task (state);
CREATE INDEX task_rule ON task (rule);
CREATE INDEX task_mcp ON task (mcp_id);
CREATE INDEX task_provider ON task (ecm_provider_id);

-- How many tasks there are, counted with every change.
CREATE TABLE task_count (
    rule TEXT NOT NULL,
    state TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (rule, state)
) STRICT, WITHOUT ROWID;
INSERT INTO task_count SELECT rule, state, count(*) FROM task GROUP BY rule, state;

-- An effect's id is in the effect. That none comes twice with other content follows from what it is made of.
CREATE TABLE outbox_anew (
    position INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    effect BLOB NOT NULL
) STRICT;
INSERT INTO outbox_anew SELECT position, subject, effect FROM outbox ORDER BY position;
DROP TABLE outbox;
ALTER TABLE outbox_anew RENAME TO outbox;
CREATE INDEX outbox_named ON outbox (position >> 12, substr(subject, 1, 8));

-- In the order of the lines. A place in a line holds one message.
CREATE TABLE message_anew (
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    control_id TEXT NOT NULL,
    PRIMARY KEY (seq, ordinal)
) STRICT, WITHOUT ROWID;
INSERT OR REPLACE INTO message_anew SELECT seq, ordinal, name, control_id FROM message ORDER BY seq, ordinal;
DROP TABLE message;
ALTER TABLE message_anew RENAME TO message;
CREATE INDEX message_named ON message (seq >> 12, substr(name, 1, 8));

-- Repeats are exact (feed, hash, receipt, kind), or come within seven days on a live feed: those lie in two weeks.
DROP INDEX journal_known;
CREATE INDEX journal_known ON journal (received_at / 604800000000, substr(sha256, 1, 8), received_at);
