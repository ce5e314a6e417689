INSERT INTO transcript (key, org, folder, tid, revision, words_revision, schema_version, last_modified, ingested,
                        facts, builtins, "values", unarchived, whole)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?12 = ?13)
ON CONFLICT (org, tid) DO NOTHING
