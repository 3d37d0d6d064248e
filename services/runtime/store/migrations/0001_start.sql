-- The start: journal, facts and views, work list, outbox. Times are microseconds since 1970 UTC.
-- No foreign keys: one writer carries out whole batches and asserts what it relies on.

-- Append-only. The body comes last, so that the narrow columns are read without it.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    chain BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
-- One index for both kinds of repeat: exact (all four), and within days on a live feed (the first three).
CREATE UNIQUE INDEX journal_known ON journal (feed, sha256, received_at, kind);

-- The end of each feed's chain: a journal that lost its last lines does not go unnoticed.
CREATE TABLE feed (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, chain BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Beside the journal, since an answer may change after the line was kept.
CREATE TABLE answer (seq INTEGER PRIMARY KEY, answer BLOB NOT NULL) STRICT;

CREATE TABLE checkpoint (sha256 BLOB PRIMARY KEY, ordinals INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE ack (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    seq INTEGER NOT NULL,
    control_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    kept_at INTEGER NOT NULL,
    code TEXT NOT NULL,
    micros INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    answer BLOB NOT NULL
) STRICT;
CREATE INDEX ack_seq ON ack (seq);
CREATE INDEX ack_first ON ack (repeat) WHERE repeat = 0;

CREATE TABLE message (
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    control_id TEXT NOT NULL,
    PRIMARY KEY (name, seq, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE patient (
    key TEXT PRIMARY KEY,
    neighbours TEXT NOT NULL,
    members TEXT NOT NULL,
    reviews TEXT NOT NULL,
    facts BLOB NOT NULL
) STRICT;
CREATE INDEX patient_parked ON patient (key) WHERE members = '[]';
CREATE INDEX patient_review ON patient (key) WHERE reviews <> '[]';
CREATE TABLE patient_identifier (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (kind, value, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_identifier_of ON patient_identifier (key);

-- A member is two rows: a narrow one, so that waking everybody rewrites no record, and the record.
CREATE TABLE member (
    member_id TEXT PRIMARY KEY,
    wake_at INTEGER,
    derived_at INTEGER,
    on_roster INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX member_wake ON member (wake_at, member_id) WHERE wake_at IS NOT NULL;
CREATE TABLE record (
    member_id TEXT PRIMARY KEY,
    revisions BLOB NOT NULL,
    view BLOB NOT NULL,
    facts BLOB NOT NULL
) STRICT;
CREATE TABLE member_identifier (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (kind, value, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_identifier_of ON member_identifier (member_id);

CREATE TABLE task (
    task_id TEXT PRIMARY KEY,
    member_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER,
    mcp_id TEXT NOT NULL,
    ecm_provider_id TEXT NOT NULL,
    lead_cm_id TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX task_member ON task (member_id);
CREATE INDEX task_state ON task (state);
CREATE INDEX task_rule ON task (rule);
CREATE INDEX task_mcp ON task (mcp_id);
CREATE INDEX task_provider ON task (ecm_provider_id);

-- `place` is the record's `where`, which is a word of SQL.
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    seq INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    reason TEXT NOT NULL,
    place TEXT NOT NULL,
    shape TEXT NOT NULL,
    fix TEXT NOT NULL,
    status TEXT NOT NULL,
    UNIQUE (seq, ordinal)
) STRICT;
CREATE INDEX quarantine_status ON quarantine (status);

-- No AUTOINCREMENT: it leaves gaps, and positions are dense.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    member_id TEXT NOT NULL,
    effect BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_subject ON outbox (subject);

CREATE TABLE reference (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE counter (name TEXT PRIMARY KEY, lines INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE progress (only INTEGER PRIMARY KEY CHECK (only = 1), cursor INTEGER NOT NULL) STRICT;
INSERT INTO progress VALUES (1, 0);
