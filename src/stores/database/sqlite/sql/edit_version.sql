-- An edit that was projected with another schema version than the row.
UPDATE transcript
SET revision = ?3, schema_version = ?4, last_modified = ?5, builtins = ?6, "values" = ?7, unarchived = ?8,
    whole = ?7 = ?8
WHERE key = ?1 AND revision = ?2
