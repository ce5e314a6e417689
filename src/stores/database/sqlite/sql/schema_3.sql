-- Schema 3.
-- Edits that are not in their rows yet, in the order in which they came (`pending.rs`). Empty when quiet.
CREATE TABLE pending (
    seq           INTEGER PRIMARY KEY,
    key           INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    last_modified INTEGER NOT NULL,
    builtins      TEXT    NOT NULL,
    "values"      TEXT    NOT NULL,
    metadata      TEXT    NOT NULL
) STRICT;
