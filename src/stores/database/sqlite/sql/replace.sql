UPDATE transcript
SET revision = ?3, folder = ?4, words_revision = ?5, schema_version = ?6, last_modified = ?7,
    facts = ?8, builtins = ?9, "values" = ?10, unarchived = ?11, whole = ?10 = ?11
WHERE key = ?1 AND revision = ?2
