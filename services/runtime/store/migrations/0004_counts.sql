-- Measures: what is counted, since when each member's share of it is known, and what it was before.

-- Contributions added up, changed with every view. One row has no `kind`; one each of a contribution's strata has it.
-- A row at zero is removed. `value_micros`: values in millionths.
CREATE TABLE measure_count (
    measure TEXT NOT NULL,
    version TEXT NOT NULL,
    period TEXT NOT NULL,
    mcp_id TEXT NOT NULL,
    ecm_provider_id TEXT NOT NULL,
    lead_cm_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    stratum TEXT NOT NULL,
    initial_population INTEGER NOT NULL,
    denominator INTEGER NOT NULL,
    exclusion INTEGER NOT NULL,
    exception INTEGER NOT NULL,
    numerator INTEGER NOT NULL,
    value_micros INTEGER NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (measure, version, period, mcp_id, ecm_provider_id, lead_cm_id, kind, stratum)
) STRICT, WITHOUT ROWID;

-- What changed in members' contributions and when: undone newest first, it says what was counted at an earlier instant.
-- In order of writing, which is nearly that of `at`.
CREATE TABLE measure_change (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    member_id TEXT NOT NULL,
    change BLOB NOT NULL
) STRICT;
CREATE INDEX measure_change_at ON measure_change (at, number);

-- Where it says nothing certain of a member: in a block, of a length that doubles with each level, a message was received
-- or a wake-up was due before the member was derived.
CREATE TABLE measure_doubt (
    level INTEGER NOT NULL,
    block INTEGER NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (level, block, member_id)
) STRICT, WITHOUT ROWID;

-- Nothing certain is said of a member before this; NULL: all is, from the first message on.
ALTER TABLE member ADD COLUMN history_from INTEGER;
UPDATE member SET history_from = derived_at;
CREATE INDEX member_history ON member (history_from) WHERE history_from IS NOT NULL;
