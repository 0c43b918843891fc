-- How much of a stream a checkpoint has signed.
ALTER TABLE audit_heads ADD COLUMN covered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX audit_heads_uncovered ON audit_heads (stream) WHERE length > covered;

-- docs/audit-format.md. `document` is the checkpoint as it is published, `witnessed` whether those who
-- are to have it besides the store have it.
CREATE TABLE checkpoints (
  number    INTEGER PRIMARY KEY,
  document  TEXT NOT NULL,
  witnessed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX checkpoints_unwitnessed ON checkpoints (number) WHERE witnessed = 0;

CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE OF number, document ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
