-- Schema 2.
-- Names in the metadata of a folder that it has not configured, folded: names, never values.
CREATE TABLE seen (
    folder INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;
