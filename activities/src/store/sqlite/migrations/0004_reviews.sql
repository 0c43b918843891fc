-- Reviews of runs. `ended` says how: a name of the result, or none while it goes on.
CREATE TABLE reviews (
  run_id   TEXT PRIMARY KEY REFERENCES runs,
  began_at TEXT NOT NULL,
  ends_at  TEXT NOT NULL,
  ended    TEXT CHECK (ended IN ('signed_off', 'nothing_open', 'review_ended', 'review_cancelled')),
  ended_by TEXT,
  note     TEXT
) STRICT, WITHOUT ROWID;

-- What was signed off, as it was then: `content` is JSON, and never changed.
CREATE TABLE sign_offs (
  run_id    TEXT PRIMARY KEY REFERENCES runs,
  signed_by TEXT NOT NULL,
  signed_at TEXT NOT NULL,
  content   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER sign_offs_are_never_changed BEFORE UPDATE ON sign_offs
BEGIN SELECT RAISE(ABORT, 'what was signed off is frozen'); END;
CREATE TRIGGER sign_offs_are_never_deleted BEFORE DELETE ON sign_offs
BEGIN SELECT RAISE(ABORT, 'what was signed off is frozen'); END;

-- A generation that took the place of one that was signed off. `content` says what changed, in
-- short, and where the whole of it is in the object store, as JSON.
CREATE TABLE restatements (
  run_id  TEXT PRIMARY KEY REFERENCES runs,
  of_run  TEXT NOT NULL REFERENCES runs,
  content TEXT NOT NULL
) STRICT, WITHOUT ROWID;
