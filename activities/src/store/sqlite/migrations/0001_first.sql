-- Amounts are decimal text, dates ISO 8601, times RFC 3339 in UTC with nine decimals: exact, and
-- sortable as text. `attempt` counts the executions of the workflow that had the run: what a failed
-- one left stays on record under its number.

CREATE TABLE runs (
  run_id          TEXT PRIMARY KEY,
  workflow_run_id TEXT NOT NULL,
  source          TEXT NOT NULL,
  business_date   TEXT NOT NULL,
  scope           TEXT NOT NULL CHECK (scope IN ('whole', 'client', 'invoice')),
  scope_id        TEXT NOT NULL,
  generation      INTEGER NOT NULL,
  requested_by    TEXT NOT NULL,
  attempt         INTEGER NOT NULL,
  opened_at       TEXT NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'quarantined')),
  problem         TEXT,
  totals          TEXT,
  closed_at       TEXT
) STRICT;
CREATE INDEX runs_by_time ON runs (opened_at);
CREATE INDEX runs_by_source ON runs (source, business_date);

CREATE TABLE inputs (
  run_id        TEXT NOT NULL REFERENCES runs,
  attempt       INTEGER NOT NULL,
  side          TEXT NOT NULL,
  name          TEXT NOT NULL,
  sha256        TEXT NOT NULL,
  bytes         INTEGER NOT NULL,
  rows_read     INTEGER NOT NULL,
  rows_accepted INTEGER NOT NULL,
  rows_rejected INTEGER NOT NULL,
  rows_skipped  INTEGER NOT NULL,
  totals        TEXT NOT NULL,
  declared_id   TEXT,
  PRIMARY KEY (run_id, attempt, side, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX inputs_by_sha256 ON inputs (sha256);

CREATE TABLE rejects (
  run_id   TEXT NOT NULL,
  attempt  INTEGER NOT NULL,
  side     TEXT NOT NULL,
  name     TEXT NOT NULL,
  position INTEGER NOT NULL,
  content  TEXT NOT NULL,
  PRIMARY KEY (run_id, attempt, side, name, position),
  FOREIGN KEY (run_id, attempt, side, name) REFERENCES inputs
) STRICT;

-- One row per life of a discrepancy.
CREATE TABLE cases (
  discrepancy_id    TEXT PRIMARY KEY,
  source            TEXT NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('open', 'resolved')),
  first_seen_run    TEXT NOT NULL REFERENCES runs,
  last_seen_run     TEXT NOT NULL REFERENCES runs,
  last_seen_attempt INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per run that found it. `content` is the whole discrepancy (message StagedDiscrepancy) as
-- JSON; the columns after it are the same values for people who query with SQL.
CREATE TABLE discrepancies (
  run_id             TEXT NOT NULL REFERENCES runs,
  attempt            INTEGER NOT NULL,
  discrepancy_id     TEXT NOT NULL REFERENCES cases,
  kind               TEXT NOT NULL,
  severity           TEXT NOT NULL,
  reference          TEXT NOT NULL,
  content            TEXT NOT NULL,
  currency           TEXT AS (content ->> '$.currency'),
  at_stake           TEXT AS (content ->> '$.at_stake'),
  partner_amount     TEXT AS (content ->> '$.partner.amount'),
  ledger_amount      TEXT AS (content ->> '$.ledger.amount'),
  difference         TEXT AS (content ->> '$.difference'),
  partner_value_date TEXT AS (content ->> '$.partner.value_date'),
  ledger_value_date  TEXT AS (content ->> '$.ledger.value_date'),
  partner_line       INTEGER AS (content ->> '$.partner.origin.line'),
  ledger_line        INTEGER AS (content ->> '$.ledger.origin.line'),
  rule               TEXT AS (content ->> '$.rule'),
  reason             TEXT AS (content ->> '$.reason'),
  PRIMARY KEY (run_id, attempt, discrepancy_id)
) STRICT;
CREATE INDEX discrepancies_by_id ON discrepancies (discrepancy_id);
CREATE INDEX discrepancies_by_reference ON discrepancies (reference);

CREATE TABLE alerts (
  alert_id           TEXT PRIMARY KEY,
  case_id            TEXT NOT NULL,
  run_id             TEXT NOT NULL REFERENCES runs,
  source             TEXT NOT NULL,
  severity           TEXT NOT NULL,
  channel            TEXT NOT NULL,
  content            TEXT NOT NULL,
  state              TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'dead')),
  intended_at        TEXT NOT NULL,
  attempts           INTEGER NOT NULL DEFAULT 0,
  last_error         TEXT,
  sent_at            TEXT,
  provider_reference TEXT,
  redriven_at        TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_case ON alerts (case_id);
CREATE INDEX alerts_by_state ON alerts (state);

-- Which discrepancies people were told of, by which alert, because of which run.
CREATE TABLE alert_coverage (
  discrepancy_id TEXT NOT NULL REFERENCES cases,
  alert_id       TEXT NOT NULL REFERENCES alerts,
  run_id         TEXT NOT NULL REFERENCES runs,
  PRIMARY KEY (discrepancy_id, alert_id)
) STRICT, WITHOUT ROWID;

-- docs/audit-format.md. `fields` is a JSON array of [name, value].
CREATE TABLE audit_entries (
  stream   TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  previous TEXT NOT NULL,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  event    TEXT NOT NULL,
  fields   TEXT NOT NULL,
  PRIMARY KEY (stream, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
  stream TEXT PRIMARY KEY,
  length INTEGER NOT NULL,
  hash   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_entries_are_never_changed BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_entries_are_never_deleted BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_heads_are_never_deleted BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
