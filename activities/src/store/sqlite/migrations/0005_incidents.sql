-- What should have happened and did not: alerts and cases of runs that were never opened. Both name
-- their run without referring to it; SQLite can't drop a reference, so the columns are made anew.

ALTER TABLE alerts RENAME COLUMN run_id TO referring_run_id;
ALTER TABLE alerts ADD COLUMN run_id TEXT NOT NULL DEFAULT '';
UPDATE alerts SET run_id = referring_run_id;
ALTER TABLE alerts DROP COLUMN referring_run_id;

ALTER TABLE cases RENAME COLUMN first_seen_run TO referring_first_seen_run;
ALTER TABLE cases ADD COLUMN first_seen_run TEXT NOT NULL DEFAULT '';
UPDATE cases SET first_seen_run = referring_first_seen_run;
ALTER TABLE cases DROP COLUMN referring_first_seen_run;

ALTER TABLE cases RENAME COLUMN last_seen_run TO referring_last_seen_run;
ALTER TABLE cases ADD COLUMN last_seen_run TEXT NOT NULL DEFAULT '';
UPDATE cases SET last_seen_run = referring_last_seen_run;
ALTER TABLE cases DROP COLUMN referring_last_seen_run;

-- Each is told once; its case says whether it is over.
CREATE TABLE incidents (
  incident_id   TEXT PRIMARY KEY REFERENCES cases,
  source        TEXT NOT NULL,
  business_date TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('report_missing', 'run_missing', 'run_failed')),
  run_id        TEXT NOT NULL,
  raised_at     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX incidents_by_day ON incidents (source, business_date);
