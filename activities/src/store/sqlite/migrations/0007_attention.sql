-- What reminders of a case go by: since when it is open, how many it had since then, how many ever.
ALTER TABLE cases ADD COLUMN since TEXT;
ALTER TABLE cases ADD COLUMN escalation_level INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN reminders INTEGER NOT NULL DEFAULT 0;
UPDATE cases
SET since = (SELECT max(at) FROM audit_entries
             WHERE stream = 'case/' || discrepancy_id
               AND event IN ('case_opened', 'case_reopened'))
WHERE has_workflow = 1;

-- An alert that its channel did not take in time is told by another one: `diverted`. SQLite can't
-- change a CHECK: the table is built anew, with foreign keys off meanwhile.
CREATE TABLE new_alerts (
  alert_id           TEXT PRIMARY KEY,
  case_id            TEXT NOT NULL,
  run_id             TEXT NOT NULL,
  source             TEXT NOT NULL,
  severity           TEXT NOT NULL,
  channel            TEXT NOT NULL,
  content            TEXT NOT NULL,
  state              TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'dead',
                                                    'diverted')),
  intended_at        TEXT NOT NULL,
  attempts           INTEGER NOT NULL DEFAULT 0,
  last_error         TEXT,
  sent_at            TEXT,
  provider_reference TEXT,
  redriven_at        TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO new_alerts
  SELECT alert_id, case_id, run_id, source, severity, channel, content, state, intended_at,
         attempts, last_error, sent_at, provider_reference, redriven_at
  FROM alerts;
DROP TABLE alerts;
ALTER TABLE new_alerts RENAME TO alerts;
CREATE INDEX alerts_by_case ON alerts (case_id);
CREATE INDEX alerts_by_state ON alerts (state);
CREATE INDEX alert_coverage_by_alert ON alert_coverage (alert_id);
