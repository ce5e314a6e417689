INSERT INTO pending (seq, key, revision, last_modified, builtins, "values", metadata)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
