-- The start: journal, facts and views, work list, outbox, sums, and what workers share. One schema is one store.
-- Times are microseconds since 1970 UTC. Texts sort by code point, as in SQLite and in Python; U+0000 is escaped
-- (`postgres_text.py`). Blobs are msgpack or messages, packed already: the large ones are stored as they are.
-- No foreign keys: writers carry out whole batches and assert what they rely on.

-- The last numbers given. Whoever gives the next ones locks the row until it commits: so numbers are dense, and what has
-- a lower number was committed before. `cursor`: up to where the journal is processed.
CREATE TABLE tail (
    single bigint PRIMARY KEY CHECK (single = 1),
    journal bigint NOT NULL,
    outbox bigint NOT NULL,
    quarantine bigint NOT NULL,
    cursor bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO tail VALUES (1, 0, 0, 0, 0);

-- Append-only, by month of receipt (`postgres_months.py`): repeats are looked for in a month or two, old months can be
-- moved to slower disks. The number alone cannot be unique across months for PostgreSQL; the tail sees to that.
CREATE TABLE journal (
    seq bigint NOT NULL,
    feed text COLLATE "C" NOT NULL,
    received_at bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    sha256 bytea NOT NULL,
    chain bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (seq, received_at)
) PARTITION BY RANGE (received_at);
CREATE INDEX journal_known ON journal (sha256, received_at);

-- The end of each feed's chain: a journal that lost its last lines does not go unnoticed.
CREATE TABLE feed (name text COLLATE "C" PRIMARY KEY, seq bigint NOT NULL, chain bytea NOT NULL) WITH (fillfactor = 50);

-- Beside the journal, since an answer may change after the line was kept.
CREATE TABLE answer (seq bigint PRIMARY KEY, answer bytea NOT NULL);

CREATE TABLE checkpoint (sha256 bytea PRIMARY KEY, ordinals bigint NOT NULL);

-- Answers given. A listener of the cluster does not know the number of a line (`seq` is 0 then), but its content and
-- receipt.
CREATE TABLE ack (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    sha256 bytea,
    line_received_at bigint,
    control_id text COLLATE "C" NOT NULL,
    received_at bigint NOT NULL,
    kept_at bigint NOT NULL,
    code text COLLATE "C" NOT NULL,
    micros bigint NOT NULL,
    repeat bigint NOT NULL,
    answer bytea NOT NULL
);
CREATE INDEX ack_seq ON ack (seq) WHERE seq > 0;
CREATE INDEX ack_content ON ack (sha256, line_received_at) WHERE sha256 IS NOT NULL;
CREATE INDEX ack_first ON ack (id) WHERE repeat = 0;

CREATE TABLE message (
    seq bigint NOT NULL,
    ordinal bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    control_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (seq, ordinal)
);
CREATE INDEX message_name ON message (name);

CREATE TABLE patient (
    key text COLLATE "C" PRIMARY KEY,
    neighbours text COLLATE "C" NOT NULL,
    members text COLLATE "C" NOT NULL,
    reviews text COLLATE "C" NOT NULL,
    facts bytea NOT NULL
) WITH (fillfactor = 80);
ALTER TABLE patient ALTER COLUMN facts SET STORAGE EXTERNAL;
CREATE INDEX patient_parked ON patient (key) WHERE members = '[]';
CREATE INDEX patient_review ON patient (key) WHERE reviews <> '[]';
CREATE TABLE patient_identifier (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, value, key)
);
CREATE INDEX patient_identifier_of ON patient_identifier (key);

-- A member is two rows: a narrow one, so that waking everybody rewrites no record, and the record.
CREATE TABLE member (
    member_id text COLLATE "C" PRIMARY KEY,
    wake_at bigint,
    derived_at bigint,
    history_from bigint,
    on_roster bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX member_wake ON member (wake_at, member_id) WHERE wake_at IS NOT NULL;
CREATE INDEX member_history ON member (history_from) WHERE history_from IS NOT NULL;
CREATE TABLE record (
    member_id text COLLATE "C" PRIMARY KEY,
    revisions bytea NOT NULL,
    view bytea NOT NULL,
    facts bytea NOT NULL
) WITH (fillfactor = 80);
ALTER TABLE record ALTER COLUMN view SET STORAGE EXTERNAL, ALTER COLUMN facts SET STORAGE EXTERNAL;
CREATE TABLE member_identifier (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, value, member_id)
);
CREATE INDEX member_identifier_of ON member_identifier (member_id);

-- Rows of one member lie together.
CREATE TABLE task (
    member_id text COLLATE "C" NOT NULL,
    task_id text COLLATE "C" NOT NULL,
    rule text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    due_at bigint,
    mcp_id text COLLATE "C" NOT NULL,
    ecm_provider_id text COLLATE "C" NOT NULL,
    lead_cm_id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (member_id, task_id)
) WITH (fillfactor = 80);
CREATE INDEX task_named ON task (task_id);
-- One for three words that each fit very many: every index costs each change of state an entry.
CREATE INDEX task_state ON task (state, rule, mcp_id);
CREATE INDEX task_provider ON task (ecm_provider_id);

-- `place` is the record's `where`, which is a word of SQL.
CREATE TABLE quarantine (
    id bigint PRIMARY KEY,
    feed text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    ordinal bigint NOT NULL,
    reason text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    shape text COLLATE "C" NOT NULL,
    fix text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    UNIQUE (seq, ordinal)
);
CREATE INDEX quarantine_status ON quarantine (status);

CREATE TABLE outbox (
    position bigint PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    effect bytea NOT NULL
);
CREATE INDEX outbox_subject ON outbox (subject);

CREATE TABLE reference (name text COLLATE "C" PRIMARY KEY, body bytea NOT NULL);

-- Sums, added to with every batch. Each worker adds to a shard of its own and waits for nobody; who reads sums shards.
CREATE TABLE counter (
    shard bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    lines bigint NOT NULL,
    PRIMARY KEY (shard, name)
) WITH (fillfactor = 50);
CREATE TABLE measured (
    shard bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    feed text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL,
    within_micros bigint NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (shard, name, feed, word, within_micros)
) WITH (fillfactor = 50);
CREATE TABLE task_count (
    shard bigint NOT NULL,
    rule text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    tasks bigint NOT NULL,
    PRIMARY KEY (shard, rule, state)
) WITH (fillfactor = 50);
-- Feeds lead here: a feed's slots are read as one range.
CREATE TABLE feed_slot (
    shard bigint NOT NULL,
    feed text COLLATE "C" NOT NULL,
    slot bigint NOT NULL,
    messages bigint NOT NULL,
    bytes bigint NOT NULL,
    quarantined bigint NOT NULL,
    repeated bigint NOT NULL,
    test bigint NOT NULL,
    skewed bigint NOT NULL,
    ahead_s bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (feed, slot, shard)
) WITH (fillfactor = 80);
CREATE TABLE feed_delay (
    shard bigint NOT NULL,
    feed text COLLATE "C" NOT NULL,
    slot bigint NOT NULL,
    within_s bigint NOT NULL,
    messages bigint NOT NULL,
    PRIMARY KEY (feed, slot, within_s, shard)
) WITH (fillfactor = 80);
CREATE TABLE feed_answer (
    shard bigint NOT NULL,
    feed text COLLATE "C" NOT NULL,
    slot bigint NOT NULL,
    code text COLLATE "C" NOT NULL,
    repeat bigint NOT NULL,
    within_micros bigint NOT NULL,
    answers bigint NOT NULL,
    PRIMARY KEY (feed, slot, code, repeat, within_micros, shard)
) WITH (fillfactor = 80);
CREATE TABLE measure_count (
    shard bigint NOT NULL,
    measure text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    mcp_id text COLLATE "C" NOT NULL,
    ecm_provider_id text COLLATE "C" NOT NULL,
    lead_cm_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    stratum text COLLATE "C" NOT NULL,
    initial_population bigint NOT NULL,
    denominator bigint NOT NULL,
    exclusion bigint NOT NULL,
    exception bigint NOT NULL,
    numerator bigint NOT NULL,
    value_micros bigint NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum, shard)
) WITH (fillfactor = 80);

-- Stays that two feeds or more told of, and when each did so first.
CREATE TABLE stay_told (
    member_id text COLLATE "C" NOT NULL,
    stay_id text COLLATE "C" NOT NULL,
    feed text COLLATE "C" NOT NULL,
    first_at bigint NOT NULL,
    PRIMARY KEY (member_id, stay_id, feed)
);
CREATE INDEX stay_told_at ON stay_told (first_at);

-- What changed in members' contributions and when, and where that says nothing certain.
CREATE TABLE measure_change (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    change bytea NOT NULL
);
CREATE INDEX measure_change_at ON measure_change (at, number);
CREATE TABLE measure_doubt (
    level bigint NOT NULL,
    block bigint NOT NULL,
    member_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (level, block, member_id)
);

-- What workers share.
-- How far each partition of a topic was taken in: the last offset, and the SHA-256 of that record.
CREATE TABLE partition_cursor (
    topic text COLLATE "C" NOT NULL,
    partition_number bigint NOT NULL,
    read_to bigint,
    sha256 bytea NOT NULL,
    clear_until bigint,
    PRIMARY KEY (topic, partition_number)
) WITH (fillfactor = 20);
-- Names that are locked before what they lead to is read: identifiers, members, source patients; by hash.
CREATE TABLE name_lock (hash bigint PRIMARY KEY);
-- How often a worker of each name has started.
CREATE TABLE worker (instance text COLLATE "C" PRIMARY KEY, epoch bigint NOT NULL);
-- What was published: up to which position of a stream, or the last body of a key. Only the leading publisher writes it.
CREATE TABLE published (stream text COLLATE "C" PRIMARY KEY, position bigint NOT NULL, body bytea) WITH (fillfactor = 50);
