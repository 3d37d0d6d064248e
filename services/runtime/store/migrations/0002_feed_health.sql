-- How feeds behave: what came and when, how soon we answered, and which feed told of a stay first.
-- `slot` counts five minutes since 1970 UTC, by receipt. Rows are sparse: a message never makes more than one of each.

-- By the pipeline, in the transaction that moves the cursor; a rebuild counts it again.
CREATE TABLE feed_slot (
    feed TEXT NOT NULL,
    slot INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
    test INTEGER NOT NULL,
    skewed INTEGER NOT NULL,
    ahead_s INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (feed, slot)
) STRICT, WITHOUT ROWID;

-- Messages whose way from the sender's clock (MSH-7) to us took at most so many seconds, and longer than the bound below.
CREATE TABLE feed_delay (
    feed TEXT NOT NULL,
    slot INTEGER NOT NULL,
    within_s INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (feed, slot, within_s)
) STRICT, WITHOUT ROWID;

-- The ACK ledger in sums, written with its rows.
CREATE TABLE feed_answer (
    feed TEXT NOT NULL,
    slot INTEGER NOT NULL,
    code TEXT NOT NULL,
    repeat INTEGER NOT NULL,
    within_micros INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    PRIMARY KEY (feed, slot, code, repeat, within_micros)
) STRICT, WITHOUT ROWID;

-- Stays that two feeds or more told of, and when each did so first.
CREATE TABLE stay_told (
    member_id TEXT NOT NULL,
    stay_id TEXT NOT NULL,
    feed TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (member_id, stay_id, feed)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_told_at ON stay_told (first_at);

-- Sums of what carrying out batches took, for metrics: `within_micros` 0 where nothing is timed, -1 the sum of the times.
CREATE TABLE measured (
    name TEXT NOT NULL,
    feed TEXT NOT NULL,
    word TEXT NOT NULL,
    within_micros INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (name, feed, word, within_micros)
) STRICT, WITHOUT ROWID;

-- The work list is counted by rule and state.
CREATE INDEX task_rule_state ON task (rule, state);
DROP INDEX task_rule;

-- What an older version has processed: volumes are known, delays and repeats only after a rebuild.
INSERT INTO feed_slot
SELECT feed, received_at / 300000000, count(*), sum(length(body)), 0, 0, 0, 0, 0, max(received_at)
FROM journal
WHERE seq <= (SELECT cursor FROM progress) AND kind IN ('hl7v2', 'fhir', 'overlong', 'unreadable')
GROUP BY feed, received_at / 300000000;
INSERT INTO feed_slot
SELECT journal.feed, journal.received_at / 300000000, count(*), 0, count(*), 0, 0, 0, 0, max(journal.received_at)
FROM quarantine JOIN journal USING (seq)
WHERE journal.kind IN ('hl7v2', 'fhir', 'overlong', 'unreadable')
GROUP BY journal.feed, journal.received_at / 300000000
ON CONFLICT (feed, slot) DO UPDATE SET quarantined = excluded.quarantined;
INSERT INTO feed_answer
SELECT feed, received_at / 300000000, code, repeat,
    CASE
        WHEN micros <= 1000 THEN 1000 WHEN micros <= 2000 THEN 2000 WHEN micros <= 5000 THEN 5000
        WHEN micros <= 10000 THEN 10000 WHEN micros <= 20000 THEN 20000 WHEN micros <= 50000 THEN 50000
        WHEN micros <= 100000 THEN 100000 WHEN micros <= 250000 THEN 250000 WHEN micros <= 1000000 THEN 1000000
        WHEN micros <= 5000000 THEN 5000000 WHEN micros <= 10000000 THEN 10000000 ELSE 1000000000
    END AS within_micros,
    count(*)
FROM ack
GROUP BY 1, 2, 3, 4, 5;
