-- Runs in review, and cases that people act on. SQLite can't change a CHECK: both tables are built
-- anew, with foreign keys off meanwhile.

CREATE TABLE new_runs (
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
  state           TEXT NOT NULL CHECK (state IN ('running', 'in_review', 'completed', 'failed',
                                                 'quarantined')),
  problem         TEXT,
  totals          TEXT,
  closed_at       TEXT
) STRICT;
INSERT INTO new_runs
  SELECT run_id, workflow_run_id, source, business_date, scope, scope_id, generation, requested_by,
         attempt, opened_at, state, problem, totals, closed_at
  FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;
CREATE INDEX runs_by_time ON runs (opened_at);
CREATE INDEX runs_by_source ON runs (source, business_date);

-- One row per life of a discrepancy; and one per summary whose workflow began, of which there is no
-- discrepancy. `last_seen_run` is the last run that found it, `seen_again_run` the last one whose
-- finding it again is on its audit trail. `decision` is the message CaseDecision as JSON.
CREATE TABLE new_cases (
  discrepancy_id    TEXT PRIMARY KEY,
  source            TEXT NOT NULL,
  state             TEXT NOT NULL CHECK (state IN ('open', 'proposed', 'resolved', 'cleared')),
  first_seen_run    TEXT NOT NULL REFERENCES runs,
  last_seen_run     TEXT NOT NULL REFERENCES runs,
  last_seen_attempt INTEGER NOT NULL,
  assigned_to       TEXT,
  acknowledged_by   TEXT,
  decision          TEXT,
  seen_again_run    TEXT,
  version           INTEGER NOT NULL DEFAULT 0,
  has_workflow      INTEGER NOT NULL DEFAULT 0 CHECK (has_workflow IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO new_cases (discrepancy_id, source, state, first_seen_run, last_seen_run,
                       last_seen_attempt, has_workflow)
  SELECT discrepancy_id, source, state, first_seen_run, last_seen_run, last_seen_attempt,
         EXISTS (SELECT 1 FROM audit_heads WHERE stream = 'case/' || discrepancy_id)
  FROM cases;
DROP TABLE cases;
ALTER TABLE new_cases RENAME TO cases;
CREATE INDEX cases_by_source ON cases (source, state);
CREATE INDEX cases_by_person ON cases (assigned_to) WHERE assigned_to IS NOT NULL;

-- What was done to a case under which name, so that it is done once. `request_sha256` tells apart
-- what was asked for.
CREATE TABLE case_acts (
  discrepancy_id TEXT NOT NULL REFERENCES cases,
  act_id         TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  outcome        TEXT NOT NULL CHECK (outcome IN ('done', 'unchanged', 'refused')),
  reason         TEXT NOT NULL,
  PRIMARY KEY (discrepancy_id, act_id)
) STRICT, WITHOUT ROWID;

-- What is at stake with as many digits for every amount: compares as text as the amounts do.
ALTER TABLE discrepancies ADD COLUMN at_stake_digits TEXT AS (
  substr('0000000000000000000000000000' || substr(at_stake, 1, instr(at_stake || '.', '.') - 1), -28)
  || '.' ||
  substr(substr(at_stake, instr(at_stake || '.', '.') + 1) || '0000000000000000000000000000', 1, 28)
);
CREATE INDEX discrepancies_by_severity ON discrepancies (run_id, attempt, severity);
