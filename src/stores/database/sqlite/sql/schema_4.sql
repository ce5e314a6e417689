-- Schema 4.
-- Jobs that have ended, for those who ask how they did. Of each kind the newest are kept.
CREATE TABLE past_job (
    id       TEXT    NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL,
    finished INTEGER NOT NULL, -- µs since 1970 UTC
    body     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX past_job_finished ON past_job (kind, finished);
