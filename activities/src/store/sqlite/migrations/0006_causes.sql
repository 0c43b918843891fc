-- What many discrepancies of a run may have in common, and which they are; a discrepancy has one
-- cause at most, the first one. Each cause has a row in `cases`. `acting` is an act on it that is
-- being done to its members, as JSON; none in between.
CREATE TABLE causes (
  cause_id       TEXT PRIMARY KEY REFERENCES cases,
  run_id         TEXT NOT NULL REFERENCES runs,
  source         TEXT NOT NULL,
  business_date  TEXT NOT NULL,
  kind           TEXT NOT NULL,
  severity       TEXT NOT NULL,
  explanation    TEXT NOT NULL,
  first_seen_run TEXT NOT NULL REFERENCES runs,
  last_seen_run  TEXT NOT NULL REFERENCES runs,
  acting         TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX causes_by_source ON causes (source, business_date);

CREATE TABLE cause_members (
  cause_id       TEXT NOT NULL REFERENCES causes,
  discrepancy_id TEXT NOT NULL UNIQUE REFERENCES cases,
  PRIMARY KEY (cause_id, discrepancy_id)
) STRICT, WITHOUT ROWID;
