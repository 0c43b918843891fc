-- What a source's runs left open and used up, run after run. The manifest and all it names are
-- immutable objects in the object store; the row of the highest sequence is where the next run
-- begins.
CREATE TABLE positions (
  source          TEXT NOT NULL,
  sequence        INTEGER NOT NULL,
  run_id          TEXT NOT NULL REFERENCES runs,
  attempt         INTEGER NOT NULL,
  business_date   TEXT NOT NULL,
  manifest_key    TEXT NOT NULL,
  manifest_bytes  INTEGER NOT NULL,
  manifest_sha256 TEXT NOT NULL,
  PRIMARY KEY (source, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX positions_by_run ON positions (run_id);

-- Which run of a source has its turn: from its opening until its position is on record.
CREATE TABLE turns (
  source          TEXT PRIMARY KEY,
  run_id          TEXT NOT NULL,
  workflow_run_id TEXT NOT NULL,
  renewed_at      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
