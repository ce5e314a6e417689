-- Schema 1. Columns that are read alone stand before the long texts, so that they are found without overflow pages.
CREATE TABLE state (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    epoch       INTEGER NOT NULL,
    secret      BLOB    NOT NULL,
    commits     INTEGER NOT NULL,
    last_object INTEGER NOT NULL,
    index_batch INTEGER NOT NULL DEFAULT 0 -- the greatest batch of the index that settles rest on
) STRICT;

-- AUTOINCREMENT: keys are given by the caller, and sqlite_sequence remembers the greatest one for good.
CREATE TABLE transcript (
    key               INTEGER PRIMARY KEY AUTOINCREMENT,
    org               INTEGER NOT NULL,
    folder            INTEGER NOT NULL,
    tid               TEXT    NOT NULL,
    revision          INTEGER NOT NULL,
    words_revision    INTEGER NOT NULL,
    schema_version    INTEGER NOT NULL,
    last_modified     INTEGER NOT NULL, -- µs since 1970 UTC
    ingested          INTEGER NOT NULL, -- µs since 1970 UTC
    indexed_revision  INTEGER NOT NULL DEFAULT 0,
    indexed_schema    INTEGER NOT NULL DEFAULT 0,
    indexed_words     INTEGER NOT NULL DEFAULT 0,
    archived_revision INTEGER NOT NULL DEFAULT 0,
    archived_words    INTEGER NOT NULL DEFAULT 0,
    facts             TEXT    NOT NULL,
    builtins          TEXT    NOT NULL,
    "values"          TEXT    NOT NULL,
    unarchived        TEXT,
    UNIQUE (org, tid)
) STRICT;

-- Walks one organisation in key order (the key is part of every index entry).
CREATE INDEX transcript_of_org ON transcript (org);

-- Finds the rows of a folder that were projected with another schema version.
CREATE INDEX transcript_projected ON transcript (folder, schema_version);

-- What the sinks owe: empty when quiet.
CREATE INDEX transcript_owed_index ON transcript (key, org)
    WHERE indexed_revision < revision OR indexed_schema < schema_version OR indexed_words < words_revision;
CREATE INDEX transcript_owed_archive ON transcript (key, org)
    WHERE archived_revision < revision OR archived_words < words_revision;

-- Erased ids, as keyed hashes of organisation and id.
CREATE TABLE tombstone (
    digest   BLOB    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    digest        BLOB    NOT NULL PRIMARY KEY,
    body          BLOB    NOT NULL,
    revision      INTEGER NOT NULL,
    commit_number INTEGER NOT NULL,
    until         INTEGER NOT NULL -- µs since 1970 UTC
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_until ON idempotency (until);

CREATE TABLE object (
    kind   TEXT    NOT NULL CHECK (kind IN ('company', 'org', 'folder')),
    id     INTEGER NOT NULL,
    parent INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    id     TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    body   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    id   TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Names of metadata that were not configured for the folder: names only, never values.
CREATE TABLE seen (
    folder INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
